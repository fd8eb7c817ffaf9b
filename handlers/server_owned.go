package handlers

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

// owned is a member that the server sets. A body may repeat it, so that a PUT
// can send back the result of a GET, but must not change it.
type owned struct{ text json.RawMessage }

// UnmarshalJSON implements json.Unmarshaler.
func (o *owned) UnmarshalJSON(data []byte) error {
	o.text = slices.Clone(data)
	return nil
}

// Schema implements huma.SchemaProvider. It accepts every value, because sameAs
// compares it.
func (owned) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

// sameAs returns a problem when the body holds another value than stored.
// Null stands for nothing stored.
func (o owned) sameAs(stored any, pointer string) []model.Problem {
	if o.text == nil {
		return nil
	}
	var have, want any
	text, err := json.Marshal(stored)
	if err == nil && decodeExactly(o.text, &have) == nil && decodeExactly(text, &want) == nil && sameValue(have, want) {
		return nil
	}
	return []model.Problem{{Pointer: pointer, Message: "is set by the server; leave it out, or send the stored value"}}
}

func decodeExactly(text []byte, into *any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// sameValue compares JSON values. Times may differ in format, and in precision
// down to the millisecond, because generated clients parse them.
func sameValue(have, want any) bool {
	if reflect.DeepEqual(have, want) {
		return true
	}
	a, isText := have.(string)
	b, wantsText := want.(string)
	if !isText || !wantsText {
		return false
	}
	at, err := time.Parse(time.RFC3339Nano, a)
	stored, failed := time.Parse(time.RFC3339Nano, b)
	return err == nil && failed == nil && (at.Equal(stored) || at.Equal(stored.Truncate(time.Millisecond)))
}
