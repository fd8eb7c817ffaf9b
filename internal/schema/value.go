package schema

import (
	"strconv"
	"strings"
)

// A JSON value under validation is nil, a bool, a string, a number, a []any or
// an *object.

// number is a JSON number as it was written.
type number string

// object has its members in the order of the text. The last of repeated names is
// used, as in Python.
type object struct {
	members []member
	index   map[string]int // index of each name; nil for few members
}

type member struct {
	name  string
	value any
}

// fewMembers is the number up to which a search is faster than a map.
const fewMembers = 8

// find returns the place of name among the members, or -1.
func (o *object) find(name string) int {
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].name == name {
			return i
		}
	}
	return -1
}

func (o *object) set(name string, value any) {
	if i := o.find(name); i >= 0 {
		o.members[i].value = value
		return
	}
	o.members = append(o.members, member{name, value})
	switch {
	case o.index != nil:
		o.index[name] = len(o.members) - 1
	case len(o.members) > fewMembers:
		o.index = make(map[string]int, 2*len(o.members))
		for i := range o.members {
			o.index[o.members[i].name] = i
		}
	}
}

// have reports that v is of one of the types. 1.0 is an integer.
func (t typeSet) have(v any) bool {
	switch v := v.(type) {
	case nil:
		return t&isNull != 0
	case bool:
		return t&isBoolean != 0
	case string:
		return t&isString != 0
	case number:
		return t&isNumber != 0 || t&isInteger != 0 && v.whole()
	case []any:
		return t&isArray != 0
	default:
		return t&isObject != 0
	}
}

// nameOf names the type of a value in a problem.
func nameOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case number:
		return "number"
	case []any:
		return "array"
	default:
		return "object"
	}
}

// decimal is the value of a number: 0.digits × 10^exponent, with neither
// leading nor trailing zeros among the digits. Two numbers are equal exactly
// when their decimals are; zero has no digits, exponent 0 and no sign.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

// decimal reads a number that Scan has passed: its exponent is small, unless
// the number is zero.
func (n number) decimal() decimal {
	var d decimal
	text := string(n)
	if text != "" && text[0] == '-' {
		d.negative, text = true, text[1:]
	}
	exponent := ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		text, exponent = text[:i], text[i+1:]
	}
	d.exponent = len(text)
	if i := strings.IndexByte(text, '.'); i >= 0 {
		d.exponent = i
		text = text[:i] + text[i+1:]
	}
	for text != "" && text[0] == '0' {
		text = text[1:]
		d.exponent--
	}
	if d.digits = strings.TrimRight(text, "0"); d.digits == "" {
		return decimal{}
	}
	if exponent != "" {
		e, _ := strconv.Atoi(exponent) // within some thousands, by Scan
		d.exponent += e
	}
	return d
}

// whole reports that the number is an integer; 1.0 and 1e2 are.
func (n number) whole() bool {
	if len(n) < 20 && plainInteger(string(n)) {
		return true
	}
	d := n.decimal()
	return d.exponent >= len(d.digits)
}

// plainInteger reports an optional minus and digits, and nothing else.
func plainInteger(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (i > 0 || c != '-') {
			return false
		}
	}
	return text != ""
}

// int64 returns the value of a number written as a plain integer of at most 18
// digits.
func (n number) int64() (int64, bool) {
	if len(n) > 18 || !plainInteger(string(n)) {
		return 0, false
	}
	v, err := strconv.ParseInt(string(n), 10, 64)
	return v, err == nil
}
