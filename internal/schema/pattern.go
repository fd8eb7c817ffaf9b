package schema

import (
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

const (
	// maxPatternBytes is the maximum length of a pattern.
	maxPatternBytes = 16 << 10
	// maxPatternSize bounds all patterns of one schema together, in parts of the
	// compiled expressions: x{1000} has 1,000. Each costs some 300 bytes for as
	// long as the function is loaded.
	maxPatternSize = 100_000
	// maxPatternRanges bounds the ranges of all character classes together;
	// \pL has some 650. A repetition shares them.
	maxPatternRanges = 500_000
)

// pattern is a compiled regular expression of a schema.
type pattern struct {
	expression *regexp.Regexp
	size       int // parts of the compiled form: what one character costs at most
}

// String implements jsonschema.Regexp.
func (p *pattern) String() string { return p.expression.String() }

// MatchString implements jsonschema.Regexp.
func (p *pattern) MatchString(text string) bool { return p.expression.MatchString(text) }

// quickWork is the product of size and length up to which a match is not
// interrupted: it takes some milliseconds.
const quickWork = 1 << 18

func (p *pattern) quick(length int) bool { return length*p.size <= quickWork }

// match reports whether text has a match. A long text is read rune by rune, so that
// the match ends at the deadline; its result is then void.
func (p *pattern) match(pace *pace, text string) bool {
	if p.quick(len(text)) {
		pace.spend(1 + len(text)*p.size>>7)
		return p.expression.MatchString(text)
	}
	return p.expression.MatchReader(&runes{pace, text, 1 + p.size>>4})
}

// runes reads a text until the deadline of the pace.
type runes struct {
	pace *pace
	text string
	cost int // of one rune, in steps
}

// ReadRune implements io.RuneReader.
func (r *runes) ReadRune() (rune, int, error) {
	if r.text == "" || !r.pace.spend(r.cost) {
		return 0, 0, io.EOF
	}
	c, size := utf8.DecodeRuneInString(r.text)
	r.text = r.text[size:]
	return c, size, nil
}

// patterns compiles the expressions of one schema, each once, within one
// budget.
type patterns struct {
	known  map[string]*pattern
	size   int // of all of them, as maxPatternSize counts
	ranges int // of all of them, as maxPatternRanges counts
}

func (p *patterns) compile(text string) (*pattern, error) {
	if known, ok := p.known[text]; ok {
		return known, nil
	}
	if len(text) > maxPatternBytes {
		return nil, fmt.Errorf("the pattern has %d bytes, at most %d are allowed", len(text), maxPatternBytes)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	size, ranges := sizeOf(tree)
	p.size, p.ranges = p.size+size, p.ranges+ranges
	if p.size > maxPatternSize || p.ranges > maxPatternRanges {
		return nil, errPatternsTooLarge
	}
	expression, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	compiled := &pattern{expression, size}
	p.known[text] = compiled
	return compiled, nil
}

var errPatternsTooLarge = fmt.Errorf("the patterns of the schema are too large: with their repetitions written out (x{1000} as 1,000 times x) "+
	"they have more than %d parts. Use minLength and maxLength to bound lengths, or smaller repetitions", maxPatternSize)

// sizeOf counts the parts of an expression with its repetitions written out,
// up to a little more than maxPatternSize, and the ranges of its classes.
func sizeOf(tree *syntax.Regexp) (size, ranges int) {
	switch tree.Op {
	case syntax.OpLiteral:
		size = len(tree.Rune)
	case syntax.OpCharClass:
		size, ranges = 1, len(tree.Rune)/2
	case syntax.OpRepeat:
		size, ranges = sizeOf(tree.Sub[0])
		times := tree.Min + 1 // x{3,} is xxx+
		if tree.Max >= 0 {
			times = tree.Max
		}
		return min(size*times+max(tree.Max-tree.Min, 0), 2*maxPatternSize), ranges
	default:
		size = 1
	}
	for _, sub := range tree.Sub {
		s, r := sizeOf(sub)
		size, ranges = size+s, ranges+r
	}
	return min(size, 2*maxPatternSize), ranges
}
