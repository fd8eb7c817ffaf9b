package payload

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Defaults are the parsed default_values of a webhook. A nil *Defaults is empty.
type Defaults struct{ members []defaultMember }

type defaultMember struct {
	name  string
	value json.RawMessage
}

func (m *defaultMember) append(dst []byte) []byte {
	dst = AppendString(dst, m.name)
	dst = append(dst, ':')
	return append(dst, m.value...)
}

// NewDefaults parses the object stored with a webhook.
func NewDefaults(text json.RawMessage) *Defaults {
	if len(text) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	d := &Defaults{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil
		}
		var m defaultMember
		if err := decoder.Decode(&m.value); err != nil {
			return nil
		}
		m.name, _ = name.(string)
		d.members = append(d.members, m)
	}
	if len(d.members) == 0 {
		return nil
	}
	return d
}

// Under adds the defaults to body, which is valid JSON: an object gets the members
// that it lacks, any other value stays unchanged.
func (d *Defaults) Under(body []byte) []byte {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if d == nil || len(trimmed) == 0 || trimmed[0] != '{' {
		return body
	}
	var own map[string]json.RawMessage
	if json.Unmarshal(trimmed, &own) != nil {
		return body
	}
	out := append(make([]byte, 0, len(body)+256), '{')
	for i := range d.members {
		if _, found := own[d.members[i].name]; found {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = d.members[i].append(out)
	}
	if len(out) == 1 {
		return body
	}
	if len(own) > 0 {
		out = append(out, ',')
	}
	return append(out, trimmed[1:]...)
}

// AppendMembers appends those members whose names are not taken, each with a
// comma before it.
func (d *Defaults) AppendMembers(dst []byte, taken []string) []byte {
	if d == nil {
		return dst
	}
	for i := range d.members {
		if member := &d.members[i]; !slices.Contains(taken, member.name) {
			dst = member.append(append(dst, ','))
		}
	}
	return dst
}
