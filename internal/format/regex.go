package format

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkRegex is "Pattern" of ECMA-262 with the flag u, in which what means
// nothing is an error. Nothing is compiled: schemas' own patterns are RE2, this
// is for text that names itself an expression of JavaScript.
func checkRegex(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("it is not valid UTF-8")
	}
	r := regex{text: text, names: map[string]bool{}}
	r.alternatives(0)
	switch {
	case r.err != nil:
		return r.err
	case r.pos < len(text):
		return fmt.Errorf("unmatched ) at byte %d", r.pos)
	case r.highest > r.groups:
		return fmt.Errorf(`\%d refers to a group that is not there`, r.highest)
	}
	for _, name := range r.referred {
		if !r.names[name] {
			return fmt.Errorf(`\k<%s> refers to a group that is not there`, name)
		}
	}
	return nil
}

// maxGroups bounds the groups within each other.
const maxGroups = 1000

type regex struct {
	text     string
	pos      int
	err      error
	groups   int
	highest  int // group referred to by number
	names    map[string]bool
	referred []string
}

func (r *regex) fail(format string, args ...any) bool {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.pos = len(r.text)
	return false
}

func (r *regex) more() bool { return r.pos < len(r.text) }

// take passes prefix if it comes next.
func (r *regex) take(prefix string) bool {
	if strings.HasPrefix(r.text[r.pos:], prefix) {
		r.pos += len(prefix)
		return true
	}
	return false
}

// alternatives passes a disjunction, up to the ) or the end after it.
func (r *regex) alternatives(depth int) {
	if depth > maxGroups {
		r.fail("groups are nested deeper than %d", maxGroups)
	}
	for r.more() && r.text[r.pos] != ')' {
		if !r.take("|") {
			r.term(depth)
		}
	}
}

func (r *regex) term(depth int) {
	quantifiable := true
	switch c := r.text[r.pos]; c {
	case '^', '$':
		r.pos++
		return
	case '(':
		quantifiable = r.group(depth)
	case '[':
		r.class()
	case '\\':
		if r.take(`\b`) || r.take(`\B`) {
			return
		}
		r.escape(false)
	case '*', '+', '?', '{', '}', ']':
		r.fail("nothing to repeat, or an unescaped %c, at byte %d", c, r.pos)
	default:
		_, size := utf8.DecodeRuneInString(r.text[r.pos:])
		r.pos += size
	}
	if r.quantifier() && !quantifiable {
		r.fail("an assertion can't be repeated")
	}
}

// group passes a group and reports whether it may be repeated.
func (r *regex) group(depth int) bool {
	start := r.pos
	r.pos++
	quantifiable := true
	switch {
	case r.take("?="), r.take("?!"), r.take("?<="), r.take("?<!"):
		quantifiable = false
	case r.take("?:"):
	case r.take("?<"):
		name := r.name()
		if r.names[name] {
			r.fail("two groups have the name %q", name)
		}
		r.names[name] = true
		r.groups++
	case r.take("?"):
		r.modifiers()
	default:
		r.groups++
	}
	r.alternatives(depth + 1)
	if r.err == nil && !r.take(")") {
		r.fail("the ( at byte %d is not closed", start)
	}
	return quantifiable
}

// modifiers passes those of (?i:…) and (?s-m:…).
func (r *regex) modifiers() {
	flags, _, ok := strings.Cut(r.text[r.pos:], ":")
	on, off, minus := strings.Cut(flags, "-")
	seen := ""
	for _, c := range on + off {
		if !strings.ContainsRune("ims", c) || strings.ContainsRune(seen, c) {
			ok = false
			break
		}
		seen += string(c)
	}
	if !ok || seen == "" && (minus || flags == "") {
		r.fail("(? at byte %d starts no group that ECMA-262 knows", r.pos-2)
		return
	}
	r.pos += len(flags) + 1
}

// name passes a group's name and the > after it.
func (r *regex) name() string {
	name, _, ok := strings.Cut(r.text[r.pos:], ">")
	for i, c := range name {
		letter := c == '$' || c == '_' || unicode.In(c, unicode.L, unicode.Nl, unicode.Other_ID_Start)
		if !letter && (i == 0 || !unicode.In(c, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue) && c != 0x200C && c != 0x200D) {
			ok = false
			break
		}
	}
	if !ok || name == "" {
		r.fail("a group's name at byte %d is not an identifier", r.pos)
		return ""
	}
	r.pos += len(name) + 1
	return name
}

func (r *regex) quantifier() bool {
	if !r.more() {
		return false
	}
	switch r.text[r.pos] {
	case '*', '+', '?':
		r.pos++
	case '{':
		inner, _, ok := strings.Cut(r.text[r.pos+1:], "}")
		low, high, comma := strings.Cut(inner, ",")
		if !ok || !digits(low) || comma && high != "" && !digits(high) {
			return r.fail("the { at byte %d starts no repetition", r.pos)
		}
		if comma && high != "" && less(high, low) {
			return r.fail("the repetition {%s} has its bounds the wrong way round", inner)
		}
		r.pos += len(inner) + 2
	default:
		return false
	}
	r.take("?")
	return true
}

func digits(text string) bool {
	for i := range len(text) {
		if !isDigit(text[i]) {
			return false
		}
	}
	return text != ""
}

// less compares two decimal numbers of any length.
func less(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return len(a) < len(b) || len(a) == len(b) && a < b
}
