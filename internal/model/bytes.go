package model

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// BytesOf returns the bytes behind the JSON text, in base64, that stands for
// them. ok is false for any other value.
func BytesOf(text json.RawMessage) (plain []byte, ok bool) {
	text = bytes.TrimSpace(text)
	if len(text) < 2 || text[0] != '"' {
		return nil, false
	}
	plain = make([]byte, base64.StdEncoding.DecodedLen(len(text)-2))
	n, err := base64.StdEncoding.Decode(plain, text[1:len(text)-1])
	return plain[:n], err == nil
}
