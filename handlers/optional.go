package handlers

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Optional is a member of a body: absent (no change), null (cleared), or set.
type Optional[T any] struct {
	Set   bool // present, possibly as null
	Null  bool
	Value T // zero unless set
}

// UnmarshalJSON implements json.Unmarshaler; it is called for null too.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	o.Set = true
	if bytes.Equal(data, []byte("null")) {
		o.Null = true
		return nil
	}
	return json.Unmarshal(data, &o.Value)
}

// Schema implements huma.SchemaProvider: that of T, or null.
func (o Optional[T]) Schema(r huma.Registry) *huma.Schema {
	s := *huma.SchemaFromType(r, reflect.TypeFor[T]())
	s.Nullable = s.Type != ""
	return &s
}

// given reports whether there is a value.
func (o Optional[T]) given() bool { return o.Set && !o.Null }

// apply changes target when the member is present; null clears it.
func (o Optional[T]) apply(target **T) {
	switch {
	case o.Null:
		*target = nil
	case o.Set:
		value := o.Value
		*target = &value
	}
}

// applyTo changes target when there is a value.
func (o Optional[T]) applyTo(target *T) {
	if o.given() {
		*target = o.Value
	}
}
