package payload

import (
	"fmt"
	"unicode/utf8"
)

// TargetText is a request target, or a part of one, as text. Bytes that are invalid
// in UTF-8 are percent-encoded, which has the same meaning.
func TargetText(uri []byte) string {
	if utf8.Valid(uri) {
		return string(uri)
	}
	text := make([]byte, 0, len(uri)+16)
	for len(uri) > 0 {
		r, size := utf8.DecodeRune(uri)
		if r == utf8.RuneError && size == 1 {
			text = fmt.Appendf(text, "%%%02X", uri[0])
		} else {
			text = append(text, uri[:size]...)
		}
		uri = uri[size:]
	}
	return string(text)
}
