package auth

import "bytes"

var bearer = []byte("bearer ")

// BearerToken is the token in an Authorization header's value, or empty text
// where it has none. It is a copy.
func BearerToken(authorization []byte) string {
	if len(authorization) <= len(bearer) || !bytes.EqualFold(authorization[:len(bearer)], bearer) {
		return ""
	}
	return string(bytes.TrimSpace(authorization[len(bearer):]))
}
