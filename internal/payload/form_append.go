package payload

import "bytes"

// AppendFields appends fields as a JSON object in their order; a repeated key gets
// the list of its values. A value is converted to the declared type of its key.
// Defaults in laid are added for missing keys.
func AppendFields(dst []byte, fields []Field, declared *Declared, laid *Defaults) []byte {
	link(fields)
	dst = append(dst, '{')
	first := true
	comma := func() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
	}
	for i := range fields {
		f := &fields[i]
		if f.later {
			continue
		}
		comma()
		dst = AppendString(dst, f.key)
		dst = append(dst, ':')
		as := declared.Property(f.key)
		if f.next == 0 && !as.isList() {
			dst = f.appendValue(dst, as)
			continue
		}
		dst = f.appendValue(append(dst, '['), as.item(0))
		for j, position := f.next, 1; j != 0; j, position = fields[j].next, position+1 {
			dst = fields[j].appendValue(append(dst, ','), as.item(position))
		}
		dst = append(dst, ']')
	}
	if laid != nil {
		for i := range laid.members {
			if member := &laid.members[i]; !hasKey(fields, member.name) {
				comma()
				dst = member.append(dst)
			}
		}
	}
	return append(dst, '}')
}

func (f *Field) appendValue(dst []byte, as *Declared) []byte {
	if f.json {
		return append(dst, f.value...)
	}
	return as.AppendText(dst, f.value)
}

// link chains the fields of equal keys.
func link(fields []Field) {
	if len(fields) < 2 {
		return
	}
	if len(fields) <= 8 {
		for i := range fields {
			for j := i + 1; j < len(fields); j++ {
				if bytes.Equal(fields[i].key, fields[j].key) {
					fields[i].next, fields[j].later = j, true
					break
				}
			}
		}
		return
	}
	last := make(map[string]int, len(fields))
	for i := range fields {
		if before, found := last[string(fields[i].key)]; found {
			fields[before].next, fields[i].later = i, true
		}
		last[string(fields[i].key)] = i
	}
}

func hasKey(fields []Field, name string) bool {
	for i := range fields {
		if string(fields[i].key) == name {
			return true
		}
	}
	return false
}
