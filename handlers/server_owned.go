package handlers

import (
	"bytes"
	"encoding/json"
	"slices"

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
	want, err := json.Marshal(stored)
	var have bytes.Buffer
	if err == nil && json.Compact(&have, o.text) == nil && bytes.Equal(have.Bytes(), want) {
		return nil
	}
	return []model.Problem{{Pointer: pointer, Message: "the server decides this; leave it out, or send it as it is stored"}}
}
