package format

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// noRune stands for an escape that is a set of characters, such as \d.
const noRune = rune(-1)

// class passes a character class.
func (r *regex) class() {
	start := r.pos
	r.pos++
	r.take("^")
	for r.more() {
		if r.take("]") {
			return
		}
		low := r.classAtom()
		if r.err != nil || !strings.HasPrefix(r.text[r.pos:], "-") || strings.HasPrefix(r.text[r.pos:], "-]") {
			continue
		}
		r.pos++
		if !r.more() {
			break
		}
		high := r.classAtom()
		switch {
		case r.err != nil:
		case low == noRune || high == noRune:
			r.fail("a range in the class at byte %d has a set as its end", start)
		case low > high:
			r.fail("a range in the class at byte %d is the wrong way round", start)
		}
	}
	if r.err == nil {
		r.fail("the [ at byte %d is not closed", start)
	}
}

func (r *regex) classAtom() rune {
	if r.text[r.pos] == '\\' {
		return r.escape(true)
	}
	c, size := utf8.DecodeRuneInString(r.text[r.pos:])
	r.pos += size
	return c
}

// controls are the escapes of one character.
var controls = map[byte]rune{'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// escape passes what starts with a \ and returns the character that it stands
// for.
func (r *regex) escape(inClass bool) rune {
	start := r.pos
	r.pos++
	if !r.more() {
		r.fail(`nothing follows the \ at the end`)
		return noRune
	}
	c := r.text[r.pos]
	r.pos++
	if control, ok := controls[c]; ok {
		return control
	}
	next := byte(0)
	if r.more() {
		next = r.text[r.pos]
	}
	switch {
	case strings.IndexByte(`^$\.*+?()[]{}|/`, c) >= 0, inClass && c == '-':
		return rune(c)
	case inClass && c == 'b':
		return '\b'
	case strings.IndexByte("dDsSwW", c) >= 0:
		return noRune
	case c == '0' && !isDigit(next):
		return 0
	case c >= '1' && c <= '9' && !inClass:
		r.reference(start)
		return noRune
	case c == 'c' && (next|0x20) >= 'a' && (next|0x20) <= 'z':
		r.pos++
		return rune(next & 0x1F)
	case c == 'x':
		return r.hex(2)
	case c == 'u':
		return r.unicode()
	case c == 'k' && !inClass && r.take("<"):
		r.referred = append(r.referred, r.name())
		return noRune
	case (c == 'p' || c == 'P') && r.take("{"):
		r.property()
		return noRune
	}
	r.fail("the escape %q at byte %d means nothing in ECMA-262", r.text[start:r.pos], start)
	return noRune
}

func (r *regex) reference(start int) {
	for r.more() && isDigit(r.text[r.pos]) {
		r.pos++
	}
	n, err := strconv.Atoi(r.text[start+1 : r.pos])
	if err != nil {
		r.fail("the reference at byte %d is too large", start)
	}
	r.highest = max(r.highest, n)
}

func (r *regex) hex(count int) rune {
	if len(r.text)-r.pos < count {
		r.fail("hexadecimal digits are missing at the end")
		return noRune
	}
	n, err := strconv.ParseUint(r.text[r.pos:r.pos+count], 16, 32)
	if err != nil {
		r.fail("hexadecimal digits are missing at byte %d", r.pos)
		return noRune
	}
	r.pos += count
	return rune(n)
}

func (r *regex) unicode() rune {
	if !r.take("{") {
		high := r.hex(4)
		if high >= 0xD800 && high < 0xDC00 && strings.HasPrefix(r.text[r.pos:], `\u`) {
			before := r.pos
			r.pos += 2
			if low := r.hex(4); low >= 0xDC00 && low < 0xE000 {
				return 0x10000 + (high-0xD800)<<10 + (low - 0xDC00)
			}
			if r.err == nil {
				r.pos = before
			}
		}
		return high
	}
	inner, _, ok := strings.Cut(r.text[r.pos:], "}")
	n, err := strconv.ParseUint(inner, 16, 64)
	if !ok || err != nil || n > unicode.MaxRune {
		r.fail(`\u{ at byte %d must hold a code point`, r.pos)
		return noRune
	}
	r.pos += len(inner) + 1
	return rune(n)
}

// property passes the name of \p{…}.
func (r *regex) property() {
	inner, _, ok := strings.Cut(r.text[r.pos:], "}")
	name, value, has := strings.Cut(inner, "=")
	if has {
		switch name {
		case "General_Category", "gc":
			ok = ok && isCategory(value)
		case "Script", "sc", "Script_Extensions", "scx":
			ok = ok && isScript(value)
		default:
			ok = false
		}
	} else {
		ok = ok && (isCategory(name) || binaryProperties[name])
	}
	if !ok {
		r.fail(`\p{%.40s} names no property of Unicode`, inner)
		return
	}
	r.pos += len(inner) + 1
}

func isCategory(name string) bool {
	if _, ok := unicode.Categories[name]; ok {
		return true
	}
	_, ok := unicode.CategoryAliases[name]
	return ok
}

// isScript knows the long names; of the short ones it takes what looks like
// one, four letters such as Latn.
func isScript(name string) bool {
	if _, ok := unicode.Scripts[name]; ok {
		return true
	}
	if len(name) != 4 || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	for i := range 3 {
		if c := name[i+1]; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// binaryProperties are those of ECMA-262, table "Binary Unicode property
// aliases", with their short names.
var binaryProperties = setOf(`ASCII ASCII_Hex_Digit AHex Alphabetic Alpha Any Assigned Bidi_Control Bidi_C Bidi_Mirrored Bidi_M Case_Ignorable CI Cased
Changes_When_Casefolded CWCF Changes_When_Casemapped CWCM Changes_When_Lowercased CWL Changes_When_NFKC_Casefolded CWKCF Changes_When_Titlecased CWT
Changes_When_Uppercased CWU Dash Default_Ignorable_Code_Point DI Deprecated Dep Diacritic Dia Emoji Emoji_Component EComp Emoji_Modifier EMod
Emoji_Modifier_Base EBase Emoji_Presentation EPres Extended_Pictographic ExtPict Extender Ext Grapheme_Base Gr_Base Grapheme_Extend Gr_Ext Hex_Digit Hex
IDS_Binary_Operator IDSB IDS_Trinary_Operator IDST ID_Continue IDC ID_Start IDS Ideographic Ideo Join_Control Join_C Logical_Order_Exception LOE
Lowercase Lower Math Noncharacter_Code_Point NChar Pattern_Syntax Pat_Syn Pattern_White_Space Pat_WS Quotation_Mark QMark Radical Regional_Indicator RI
Sentence_Terminal STerm Soft_Dotted SD Terminal_Punctuation Term Unified_Ideograph UIdeo Uppercase Upper Variation_Selector VS White_Space space
XID_Continue XIDC XID_Start XIDS`)

func setOf(names string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(names) {
		set[name] = true
	}
	return set
}
