package schema

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// accepts reports that text surely fits. text is JSON within the limits of Scan. The
// result is false for every case that quick does not support, and when the work is
// out of proportion to the length. With a pace the work ends at its deadline.
func (q *quick) accepts(text []byte, p *pace) bool {
	c := checker{text: text, left: quickSteps + quickStepsPerByte*len(text), pace: p}
	if p != nil {
		c.total, c.left = c.left, 0
	}
	end, ok := c.value(c.space(0), q.root, 0)
	return ok && c.space(end) == len(text)
}

// The maximum work of accepts: a step is a visit of a value, or 32 bytes.
const (
	quickSteps        = 10_000
	quickStepsPerByte = 8
)

// maxQuickDepth also ends a recursive $ref.
const maxQuickDepth = 2 * MaxDepth

type checker struct {
	text  []byte
	left  int   // steps until the next call of more
	total int   // steps that more may still grant
	pace  *pace // nil: more grants none
}

// more reports whether the work may continue when no steps are left.
func (c *checker) more() bool {
	taken := stepsPerLook - c.left
	if c.pace == nil || c.total < taken || !c.pace.spend(taken) {
		return false
	}
	c.total -= taken
	c.left = stepsPerLook
	return true
}

// space returns the position after white space.
func (c *checker) space(i int) int {
	if i < len(c.text) && c.text[i] > ' ' { // the usual case, which is inlined
		return i
	}
	return c.skip(i)
}

func (c *checker) skip(i int) int {
	start := i
	for i < len(c.text) {
		switch c.text[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			c.left -= (i - start) >> 5
			return i
		}
	}
	return i
}

func (c *checker) at(i int) byte {
	if i < len(c.text) {
		return c.text[i]
	}
	return 0
}

// value checks the value at i against n and returns the position after it.
func (c *checker) value(i int, n *quickNode, depth int) (int, bool) {
	if c.left--; c.left < 0 && !c.more() || depth > maxQuickDepth {
		return 0, false
	}
	var end int
	var ok bool
	switch b := c.at(i); b {
	case '{':
		end, ok = c.object(i, n, depth)
	case '[':
		end, ok = c.array(i, n, depth)
	case '"':
		end, ok = c.string(i, n)
	case 't':
		end, ok = i+4, n.allows(isBoolean) && n.enum == nil
	case 'f':
		end, ok = i+5, n.allows(isBoolean) && n.enum == nil
	case 'n':
		end, ok = i+4, n.allows(isNull) && n.enum == nil
	default:
		end, ok = c.number(i, n)
	}
	if !ok || end > len(c.text) {
		return 0, false
	}
	for _, sub := range n.all {
		if _, ok := c.value(i, sub, depth+1); !ok {
			return 0, false
		}
	}
	if len(n.any) > 0 && !c.anyOf(i, n, depth) {
		return 0, false
	}
	return end, true
}

func (c *checker) anyOf(i int, n *quickNode, depth int) bool {
	for _, sub := range n.any {
		if _, ok := c.value(i, sub, depth+1); ok {
			return true
		}
	}
	return false
}

func (n *quickNode) allows(t typeSet) bool { return n.types == 0 || n.types&t != 0 }

func (c *checker) object(i int, n *quickNode, depth int) (int, bool) {
	if !n.allows(isObject) || n.enum != nil {
		return 0, false
	}
	var seen uint64
	i = c.space(i + 1)
	if c.at(i) == '}' {
		return i + 1, n.required == 0
	}
	for {
		start := i + 1
		end := c.plainString(i)
		if end < 0 {
			return 0, false
		}
		name := c.text[start : end-1]
		i = c.space(end)
		if c.at(i) != ':' {
			return 0, false
		}
		i = c.space(i + 1)
		sub, known := n.property(name, &seen)
		if !known {
			if n.closed {
				return 0, false
			}
			sub = n.others
		}
		if sub == nil {
			sub = anything
		}
		var ok bool
		if i, ok = c.value(i, sub, depth+1); !ok {
			return 0, false
		}
		i = c.space(i)
		switch c.at(i) {
		case ',':
			i = c.space(i + 1)
		case '}':
			return i + 1, seen&n.required == n.required
		default:
			return 0, false
		}
	}
}

var anything = &quickNode{maxRunes: -1, maxItems: -1}

func (n *quickNode) property(name []byte, seen *uint64) (*quickNode, bool) {
	if n.places != nil {
		k, ok := n.places[string(name)]
		if !ok {
			return nil, false
		}
		if k < 64 {
			*seen |= 1 << k
		}
		return n.properties[k].node, true
	}
	for k := range n.properties {
		if p := &n.properties[k]; p.name == string(name) {
			if k < 64 {
				*seen |= 1 << k
			}
			return p.node, true
		}
	}
	return nil, false
}

func (c *checker) array(i int, n *quickNode, depth int) (int, bool) {
	if !n.allows(isArray) || n.enum != nil {
		return 0, false
	}
	items := n.items
	if items == nil {
		items = anything
	}
	count := 0
	i = c.space(i + 1)
	if c.at(i) == ']' {
		return i + 1, n.minItems <= 0
	}
	for {
		var ok bool
		if i, ok = c.value(i, items, depth+1); !ok {
			return 0, false
		}
		count++
		i = c.space(i)
		switch c.at(i) {
		case ',':
			i = c.space(i + 1)
		case ']':
			return i + 1, count >= n.minItems && (n.maxItems < 0 || count <= n.maxItems)
		default:
			return 0, false
		}
	}
}

// plainString returns the position after the string at i, or -1 when it has an
// escape (or is no string).
func (c *checker) plainString(i int) int {
	if c.at(i) != '"' {
		return -1
	}
	start := i
	for i++; i < len(c.text); i++ {
		switch c.text[i] {
		case '"':
			c.left -= (i - start) >> 5
			return i + 1
		case '\\':
			c.left -= (i - start) >> 5
			return -1
		}
	}
	return -1
}

func (c *checker) string(i int, n *quickNode) (int, bool) {
	if !n.allows(isString) {
		return 0, false
	}
	end := c.plainString(i)
	if n.enum == nil && n.format == nil && n.pattern == nil && n.minRunes <= 0 && n.maxRunes < 0 {
		if end < 0 {
			end = c.escapedString(i)
		}
		return end, end > 0
	}
	if end < 0 {
		return 0, false
	}
	content := c.text[i+1 : end-1]
	if n.enum != nil && !n.lists(c.text[i:end]) {
		return 0, false
	}
	if n.minRunes > 0 || n.maxRunes >= 0 {
		runes := utf8.RuneCount(content)
		if runes < n.minRunes || n.maxRunes >= 0 && runes > n.maxRunes {
			return 0, false
		}
	}
	if n.format != nil && n.format.Check(string(content)) != nil {
		return 0, false
	}
	if n.pattern != nil && !c.matches(n.pattern, content) {
		return 0, false
	}
	return end, true
}

// matches matches a pattern, unless the match would take long.
func (c *checker) matches(p *pattern, content []byte) bool {
	if !p.quick(len(content)) {
		return false
	}
	c.left -= len(content) * p.size >> 7
	return p.expression.Match(content)
}

func (n *quickNode) lists(text []byte) bool {
	if n.listed != nil {
		_, ok := n.listed[string(text)]
		return ok
	}
	for _, entry := range n.enum {
		if bytes.Equal(entry, text) {
			return true
		}
	}
	return false
}

func (c *checker) escapedString(i int) int {
	for i++; i < len(c.text); i++ {
		switch c.text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

func (c *checker) number(i int, n *quickNode) (int, bool) {
	if n.enum != nil || n.format != nil {
		return 0, false
	}
	start, whole := i, true
	for ; i < len(c.text); i++ {
		b := c.text[i]
		if b == '.' || b == 'e' || b == 'E' {
			whole = false
		} else if b != '-' && b != '+' && (b < '0' || b > '9') {
			break
		}
	}
	if i == start {
		return 0, false
	}
	switch {
	case whole && !n.allows(isInteger|isNumber), !whole && !n.allows(isNumber):
		return 0, false // 1.0 is an integer too: left to the evaluation
	case n.low == nil && n.high == nil:
		return i, true
	}
	// Rounding to a double is monotonic: strictly above a bound that a double
	// holds exactly means above it. Equality is left to the evaluation, unless integral.
	text := string(c.text[start:i])
	if whole && len(text) <= 18 {
		v, err := strconv.ParseInt(text, 10, 64)
		return i, err == nil && (n.low == nil || v >= *n.low) && (n.high == nil || v <= *n.high)
	}
	f, err := strconv.ParseFloat(text, 64)
	return i, err == nil && (n.low == nil || f > float64(*n.low)) && (n.high == nil || f < float64(*n.high))
}
