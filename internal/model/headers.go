package model

import "encoding/json"

// ResponseHeaders are the headers of a response by name.
type ResponseHeaders map[string]HeaderValues

// HeaderValues are the values of one header, each of which becomes a line of its
// own. As JSON one value is a text, several are an array of texts.
type HeaderValues []string

// MarshalJSON implements json.Marshaler.
func (v HeaderValues) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal([]string(v))
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *HeaderValues) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(v))
	}
	*v = make(HeaderValues, 1)
	return json.Unmarshal(text, &(*v)[0])
}
