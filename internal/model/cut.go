package model

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// MaxRecorded is the length, in bytes, up to which an input or output is
// recorded whole.
const MaxRecorded = 256 << 10

// previewBytes is how much of a cut value its marker shows.
const previewBytes = 1024

// CutValue returns a JSON value as it goes into a record: itself, or, when it
// is longer than MaxRecorded or force is set, a marker with its size and its
// beginning, and true. The function itself always gets the value whole.
func CutValue(value json.RawMessage, force bool) (json.RawMessage, bool) {
	if len(value) <= MaxRecorded && !force {
		return value, false
	}
	return CutStart(value, len(value)), true
}

// CutStart is the marker of a cut value of which only the start is known, and its size.
func CutStart(start []byte, size int) json.RawMessage {
	preview := string(start[:min(len(start), previewBytes)])
	for !utf8.ValidString(preview) && len(preview) > previewBytes-utf8.UTFMax {
		preview = preview[:len(preview)-1]
	}
	quoted, err := json.Marshal(preview)
	if err != nil { // text always marshals
		quoted = []byte(`""`)
	}
	return json.RawMessage(fmt.Sprintf(`{"truncated":true,"bytes":%d,"preview":%s}`, size, quoted))
}
