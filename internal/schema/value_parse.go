package schema

import (
	"encoding/json"
	"errors"
)

// parser parses a JSON text. It stops at the deadline like every other part of a
// validation, because 2,000,000 small values take some time.
type parser struct {
	scanner
	pace *pace
}

// parse reads text, one JSON value within the limits of Scan.
func parse(text []byte, p *pace) (any, error) {
	r := parser{scanner{text: text}, p}
	r.space()
	v, err := r.read(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.pos != len(text) {
		return nil, r.syntax("unexpected text after the value")
	}
	return v, nil
}

func (r *parser) read(depth int) (any, error) {
	if !r.pace.spend(1) {
		return nil, r.pace.err
	}
	if err := r.tooDeep(depth); err != nil {
		return nil, err
	}
	start := r.pos
	switch c := r.peek(); {
	case c == '{':
		return r.readObject(depth + 1)
	case c == '[':
		return r.readArray(depth + 1)
	case c == '"':
		return r.readString()
	case c == '-' || c >= '0' && c <= '9':
		err := r.number()
		return number(r.text[start:r.pos]), err
	case c == 't':
		return true, r.literal("true")
	case c == 'f':
		return false, r.literal("false")
	case c == 'n':
		return nil, r.literal("null")
	default:
		return nil, r.syntax("a JSON value was expected")
	}
}

func (r *parser) readString() (string, error) {
	start := r.pos
	if err := r.text1(); err != nil {
		return "", err
	}
	r.pace.spend((r.pos - start) >> 5)
	for _, c := range r.text[start:r.pos] {
		if c == '\\' {
			var s string
			err := json.Unmarshal(r.text[start:r.pos], &s)
			return s, err
		}
	}
	return string(r.text[start+1 : r.pos-1]), nil
}

func (r *parser) readArray(depth int) (any, error) {
	list := []any{}
	r.pos++
	if r.space(); r.peek() == ']' {
		r.pos++
		return list, nil
	}
	for {
		v, err := r.read(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		more, err := r.next(']')
		if err != nil || !more {
			return list, err
		}
	}
}

func (r *parser) readObject(depth int) (any, error) {
	o := &object{}
	r.pos++
	if r.space(); r.peek() == '}' {
		r.pos++
		return o, nil
	}
	for {
		if r.peek() != '"' {
			return nil, r.syntax("a member's name in double quotes was expected")
		}
		name, err := r.readString()
		if err != nil {
			return nil, err
		}
		if r.space(); r.peek() != ':' {
			return nil, r.syntax("a colon was expected after the member's name")
		}
		r.pos++
		r.space()
		v, err := r.read(depth)
		if err != nil {
			return nil, err
		}
		o.set(name, v)
		more, err := r.next('}')
		if err != nil || !more {
			return o, err
		}
	}
}

// next passes a comma, or the end of an array or object; more: a comma.
func (r *parser) next(end byte) (more bool, err error) {
	r.space()
	switch r.peek() {
	case ',':
		r.pos++
		r.space()
		return true, nil
	case end:
		r.pos++
		return false, nil
	default:
		return false, r.syntax("a comma or " + string(end) + " was expected")
	}
}

// valueOf converts a value of the library, as in "const" and "enum".
func valueOf(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, errors.New("a value in the schema can't be read")
	}
	p := pace{ctx: unlimited, left: stepsPerLook}
	return parse(text, &p)
}
