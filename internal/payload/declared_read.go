package payload

import (
	"bytes"
	"strings"

	"maestro/internal/schema"
)

// AppendText appends text as the declared number or boolean. It is a string when
// none is declared, when text is also accepted, and when it can't be parsed.
func (d *Declared) AppendText(dst, text []byte) []byte {
	if d == nil || d.kinds&(isInteger|isNumber|isBoolean) == 0 || d.kinds&isText != 0 {
		return AppendString(dst, text)
	}
	if d.kinds&(isInteger|isNumber) != 0 {
		if number, ok := numberOf(text); ok && (d.kinds&isNumber != 0 || !bytes.ContainsAny(number, ".eE")) {
			return append(dst, number...)
		}
	}
	if d.kinds&isBoolean != 0 {
		if word := booleanOf(text); word != "" {
			return append(dst, word...)
		}
	}
	return AppendString(dst, text)
}

// AppendOne is AppendText, with a list of one item where a list is declared.
func (d *Declared) AppendOne(dst, text []byte) []byte {
	if !d.isList() {
		return d.AppendText(dst, text)
	}
	return append(d.item(0).AppendText(append(dst, '['), text), ']')
}

// maxNumber is the maximum length of a number to parse, far above the limits of
// numbers.
const maxNumber = schema.MaxIntegerDigits + 16

// numberOf converts text to a JSON number. It accepts a plus, leading zeros, and a
// point without digits before or after it.
func numberOf(text []byte) ([]byte, bool) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || len(text) > maxNumber {
		return nil, false
	}
	number := make([]byte, 0, len(text)+2)
	switch text[0] {
	case '-':
		number = append(number, '-')
		text = text[1:]
	case '+':
		text = text[1:]
	}
	for len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
		text = text[1:]
	}
	if len(text) > 1 && text[0] == '.' {
		number = append(number, '0')
	} else if last := len(text) - 1; last > 0 && text[last] == '.' {
		text = text[:last]
	}
	if len(text) == 0 || text[0] != '.' && (text[0] < '0' || text[0] > '9') {
		return nil, false
	}
	number = append(number, text...)
	return number, schema.Scan(number) == nil
}

// booleanOf is "true" or "false" for the texts that programs and check boxes send,
// otherwise "".
func booleanOf(text []byte) string {
	text = bytes.TrimSpace(text)
	if len(text) > len("false") {
		return ""
	}
	switch strings.ToLower(string(text)) {
	case "true", "1", "on", "yes":
		return "true"
	case "false", "0", "off", "no":
		return "false"
	default:
		return ""
	}
}
