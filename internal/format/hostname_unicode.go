package format

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// joiners checks the zero-width joiners and the general rules of RFC 5891,
// section 4.2; the characters themselves it takes by the wider rules of UTS 46.
var joiners = idna.New(idna.ValidateLabels(true), idna.CheckHyphens(true), idna.CheckJoiners(true))

// checkULabel is RFC 5891, section 4.2, for a label with characters beyond
// ASCII.
func checkULabel(label string) error {
	if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
		return errHyphen
	}
	runes := []rune(label)
	if len(runes) > maxLabel {
		return errLongLabel
	}
	if len(runes) >= 4 && runes[2] == '-' && runes[3] == '-' {
		return errReserved
	}
	if !norm.NFC.IsNormalString(label) {
		return errors.New("a label must be in the normal form NFC")
	}
	if unicode.Is(unicode.M, runes[0]) {
		return errors.New("a label must not start with a combining mark")
	}
	if _, err := joiners.ToUnicode(label); err != nil {
		return errors.New("a label does not follow RFC 5891, section 4.2")
	}
	for i, r := range runes {
		switch propertyOf(r) {
		case disallowed:
			return fmt.Errorf("the character %q can't stand in a host name (RFC 5892)", r)
		case contextual:
			if !inContext(runes, i) {
				return fmt.Errorf("the character %q can't stand in a host name at this place (RFC 5892, appendix A)", r)
			}
		}
	}
	return nil
}

type property int

const (
	valid property = iota
	contextual
	disallowed
)

// exceptions are those of RFC 5892, section 2.6.
var exceptions = map[rune]property{
	0x00DF: valid, 0x03C2: valid, 0x06FD: valid, 0x06FE: valid, 0x0F0B: valid, 0x3007: valid,
	0x00B7: contextual, 0x0375: contextual, 0x05F3: contextual, 0x05F4: contextual, 0x30FB: contextual,
	0x0640: disallowed, 0x07FA: disallowed, 0x302E: disallowed, 0x302F: disallowed, 0x3031: disallowed, 0x3032: disallowed,
	0x3033: disallowed, 0x3034: disallowed, 0x3035: disallowed, 0x303B: disallowed,
}

// propertyOf is the derived property of RFC 5892, section 3.
func propertyOf(r rune) property {
	if p, ok := exceptions[r]; ok {
		return p
	}
	switch {
	case r >= 0x0660 && r <= 0x0669 || r >= 0x06F0 && r <= 0x06F9: // digits that must not be mixed
		return contextual
	case r < utf8.RuneSelf:
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return valid
		}
		return disallowed
	case r == 0x200C || r == 0x200D: // joiners has looked at them
		return valid
	case unstable(r), ignorable(r), oldJamo(r):
		return disallowed
	case unicode.In(r, unicode.Ll, unicode.Lu, unicode.Lo, unicode.Nd, unicode.Lm, unicode.Mn, unicode.Mc):
		return valid
	default:
		return disallowed
	}
}

// unstable is RFC 5892, section 2.2.
func unstable(r rune) bool {
	text := string(r)
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text))) != text
}

// ignorable is RFC 5892, sections 2.3 and 2.4.
func ignorable(r rune) bool {
	return unicode.In(r, unicode.White_Space, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Cf, unicode.Noncharacter_Code_Point) ||
		r >= 0x20D0 && r <= 0x20FF || r >= 0x1D100 && r <= 0x1D24F
}

// oldJamo is RFC 5892, section 2.9.
func oldJamo(r rune) bool {
	return r >= 0x1100 && r <= 0x11FF || r >= 0xA960 && r <= 0xA97C || r >= 0xD7B0 && r <= 0xD7FB
}

// inContext is RFC 5892, appendix A, for what stands at i.
func inContext(label []rune, i int) bool {
	at := func(k int) rune {
		if k >= 0 && k < len(label) {
			return label[k]
		}
		return -1
	}
	switch r := label[i]; r {
	case 0x00B7:
		return at(i-1) == 'l' && at(i+1) == 'l'
	case 0x0375:
		return unicode.Is(unicode.Greek, at(i+1))
	case 0x05F3, 0x05F4:
		return unicode.Is(unicode.Hebrew, at(i-1))
	case 0x30FB:
		for _, other := range label {
			if other != r && unicode.In(other, unicode.Hiragana, unicode.Katakana, unicode.Han) {
				return true
			}
		}
		return false
	default: // a digit of one kind must not stand with one of the other
		first := rune(0x06F0)
		if r >= first {
			first = 0x0660
		}
		for _, other := range label {
			if other >= first && other <= first+9 {
				return false
			}
		}
		return true
	}
}
