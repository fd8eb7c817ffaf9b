package handlers

import (
	"bytes"
	"net/url"

	"maestro/internal/model"
)

// maxPairs bounds how many fields a query or a form may have.
const maxPairs = 10_000

// pair is one field of a query or a form, decoded. next leads to the next one
// of the same key; 0 ends the list.
type pair struct {
	key    []byte
	value  []byte // text, unless json
	json   bool   // value is JSON already
	next   int
	behind bool // another of the same key comes before
}

// splitPairs reads application/x-www-form-urlencoded text.
func splitPairs(into []pair, text []byte) ([]pair, error) {
	for len(text) > 0 {
		var field []byte
		field, text, _ = bytes.Cut(text, []byte("&"))
		if len(field) == 0 {
			continue
		}
		if len(into) == maxPairs {
			return nil, model.NewError(model.CodeBadRequest, "There are more than %d fields in the query or form.", maxPairs)
		}
		key, value, _ := bytes.Cut(field, []byte("="))
		into = append(into, pair{key: unescaped(key), value: unescaped(value)})
	}
	return into, nil
}

// unescaped decodes %XX and +. What is not valid stays as it stands.
func unescaped(text []byte) []byte {
	if bytes.IndexByte(text, '%') < 0 && bytes.IndexByte(text, '+') < 0 {
		return text
	}
	plain, err := url.QueryUnescape(string(text))
	if err != nil {
		return text
	}
	return []byte(plain)
}

// appendPairs appends the fields as a JSON object in their order; a key that
// is there more than once gets the list of its values. laid are laid under
// them.
func appendPairs(dst []byte, pairs []pair, laid *defaults) []byte {
	link(pairs)
	dst = append(dst, '{')
	first := true
	comma := func() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
	}
	for i := range pairs {
		p := &pairs[i]
		if p.behind {
			continue
		}
		comma()
		dst = appendString(dst, p.key)
		dst = append(dst, ':')
		if p.next == 0 {
			dst = p.appendValue(dst)
			continue
		}
		dst = p.appendValue(append(dst, '['))
		for j := p.next; j != 0; j = pairs[j].next {
			dst = pairs[j].appendValue(append(dst, ','))
		}
		dst = append(dst, ']')
	}
	if laid != nil {
		for i := range laid.members {
			if member := &laid.members[i]; !hasKey(pairs, member.name) {
				comma()
				dst = member.append(dst)
			}
		}
	}
	return append(dst, '}')
}

func (p *pair) appendValue(dst []byte) []byte {
	if p.json {
		return append(dst, p.value...)
	}
	return appendString(dst, p.value)
}

// link chains the pairs of equal keys.
func link(pairs []pair) {
	if len(pairs) < 2 {
		return
	}
	if len(pairs) <= 8 {
		for i := range pairs {
			for j := i + 1; j < len(pairs); j++ {
				if bytes.Equal(pairs[i].key, pairs[j].key) {
					pairs[i].next, pairs[j].behind = j, true
					break
				}
			}
		}
		return
	}
	last := make(map[string]int, len(pairs))
	for i := range pairs {
		if before, found := last[string(pairs[i].key)]; found {
			pairs[before].next, pairs[i].behind = i, true
		}
		last[string(pairs[i].key)] = i
	}
}

func hasKey(pairs []pair, name string) bool {
	for i := range pairs {
		if string(pairs[i].key) == name {
			return true
		}
	}
	return false
}
