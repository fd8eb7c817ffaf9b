package schema

import (
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// scalars evaluates the keywords of scalars and of values of every type. A failure that adds no
// problem is not made: contains, anyOf and not may have millions of them.
func (e *evaluation) scalars(n *node, v any) bool {
	if n.types != 0 && !n.types.have(v) {
		return !e.full() && e.fail(&kind.Type{Got: nameOf(v), Want: n.source.Types.ToStrings()})
	}
	if n.fixed != nil && !e.equal(v, *n.fixed) {
		return !e.full() && e.fail(&kind.Const{Want: *n.source.Const})
	}
	if n.enum != nil {
		if i, _ := n.enum.find(&e.pace, v); i < 0 {
			return !e.full() && e.fail(&kind.Enum{Want: n.source.Enum.Values})
		}
	}
	if text, ok := v.(string); ok && n.format != nil {
		e.spend(1 + len(text)>>2)
		if err := n.format.Check(text); err != nil {
			return !e.full() && e.fail(&kind.Format{Got: shortened(text), Want: n.format.Name, Err: err})
		}
	}
	return true
}

func (e *evaluation) text(n *node, text string) bool {
	s, ok := n.source, true
	if s.MinLength != nil || s.MaxLength != nil {
		e.spend(len(text) >> 5)
		length := utf8.RuneCountInString(text)
		if s.MinLength != nil && length < *s.MinLength {
			ok = e.fail(&kind.MinLength{Got: length, Want: *s.MinLength})
		}
		if s.MaxLength != nil && length > *s.MaxLength {
			ok = e.fail(&kind.MaxLength{Got: length, Want: *s.MaxLength})
		}
	}
	if n.pattern != nil && !n.pattern.match(&e.pace, text) {
		ok = e.fail(&kind.Pattern{Got: shortened(text), Want: n.pattern.String()})
	}
	return ok
}

func (e *evaluation) number(n *node, text number) bool {
	if n.low == nil && n.high == nil && n.lowOpen == nil && n.highOpen == nil && n.multipleOf == nil {
		return true
	}
	m := measured{e: e, text: text}
	m.small, m.isSmall = text.int64()
	ok := true
	if n.low != nil && m.compare(n.low) < 0 {
		ok = e.fail(&kind.Minimum{Got: m.rat(), Want: n.low.exact})
	}
	if n.high != nil && m.compare(n.high) > 0 {
		ok = e.fail(&kind.Maximum{Got: m.rat(), Want: n.high.exact})
	}
	if n.lowOpen != nil && m.compare(n.lowOpen) <= 0 {
		ok = e.fail(&kind.ExclusiveMinimum{Got: m.rat(), Want: n.lowOpen.exact})
	}
	if n.highOpen != nil && m.compare(n.highOpen) >= 0 {
		ok = e.fail(&kind.ExclusiveMaximum{Got: m.rat(), Want: n.highOpen.exact})
	}
	if n.multipleOf != nil && !m.multipleOf(n.multipleOf) {
		ok = e.fail(&kind.MultipleOf{Got: m.rat(), Want: n.multipleOf.exact})
	}
	return ok
}

// measured is a number to compare with bounds: as an integer where both are small
// integers, otherwise exactly.
type measured struct {
	e       *evaluation
	text    number
	small   int64
	isSmall bool
	exact   *big.Rat
}

// exactSteps is the minimum cost of a comparison of exact numbers.
const exactSteps = 20

func (m *measured) rat() *big.Rat {
	if m.exact == nil {
		m.e.spend(exactSteps + len(m.text))
		m.exact, _ = new(big.Rat).SetString(string(m.text))
		if m.exact == nil {
			m.exact = new(big.Rat) // Scan refuses such numbers
		}
	}
	return m.exact
}

func (m *measured) compare(b *bound) int {
	if m.isSmall && b.whole != nil {
		switch {
		case m.small < *b.whole:
			return -1
		case m.small > *b.whole:
			return 1
		}
		return 0
	}
	m.e.spend(exactSteps + bitsOf(b.exact)>>6)
	return m.rat().Cmp(b.exact)
}

func (m *measured) multipleOf(b *bound) bool {
	if m.isSmall && b.whole != nil && *b.whole != 0 {
		return m.small%*b.whole == 0
	}
	// A division of long numbers takes time proportional to the product of their
	// lengths.
	size := 1 + bitsOf(b.exact)>>6
	m.e.spend(exactSteps + size*(1+bitsOf(m.rat())>>6)>>2)
	if m.e.err != nil || b.exact.Sign() == 0 {
		return true
	}
	return new(big.Rat).Quo(m.rat(), b.exact).IsInt()
}

func bitsOf(r *big.Rat) int { return r.Num().BitLen() + r.Denom().BitLen() }

// longest is the maximum length of a quoted text in a problem, in bytes.
const longest = 200

func shortened(text string) string {
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "… (" + strconv.Itoa(len(text)) + " bytes)"
}
