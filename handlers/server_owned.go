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

// owned is a member that the server decides. A body may repeat it, so that
// what a GET answered can be sent back by a PUT, but not change it.
type owned struct{ text json.RawMessage }

// UnmarshalJSON implements json.Unmarshaler.
func (o *owned) UnmarshalJSON(data []byte) error {
	o.text = slices.Clone(data)
	return nil
}

// Schema implements huma.SchemaProvider: whether it is right is decided by
// comparing.
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
	return []model.Problem{{Pointer: pointer, Message: "the server decides this; leave it out, or send it as it is stored"}}
}

func decodeExactly(text []byte, into *any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// sameValue compares JSON values. A moment may be written in another way, and
// to the millisecond: generated clients read times into types of their own.
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
