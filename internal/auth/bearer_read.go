package auth

import "bytes"

var bearer = []byte("bearer ")

// BearerToken is the token in the value of an Authorization header, or empty
// text. It is a copy.
func BearerToken(authorization []byte) string {
	if len(authorization) <= len(bearer) || !bytes.EqualFold(authorization[:len(bearer)], bearer) {
		return ""
	}
	return string(bytes.TrimSpace(authorization[len(bearer):]))
}
