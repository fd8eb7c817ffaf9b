package handlers

import (
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// timestamp is a time in the API: RFC 3339 in UTC with microseconds; the zero
// time is null.
type timestamp time.Time

const timestampLayout = "2006-01-02T15:04:05.000000Z07:00"

// MarshalJSON implements json.Marshaler.
func (t timestamp) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return time.Time(t).UTC().AppendFormat(nil, `"`+timestampLayout+`"`), nil
}

// Schema implements huma.SchemaProvider.
func (timestamp) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}
