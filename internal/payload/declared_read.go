package payload

import (
	"bytes"
	"strings"

	"maestro/internal/schema"
)

// AppendText appends text as the number or boolean that is declared, or as a
// string: where none is, where text would do, and where it can't be read.
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

// AppendOne appends text as AppendText does, as a list of one where a list is
// declared.
func (d *Declared) AppendOne(dst, text []byte) []byte {
	if !d.isList() {
		return d.AppendText(dst, text)
	}
	return append(d.item(0).AppendText(append(dst, '['), text), ']')
}

// maxNumber bounds the text of a number that is looked at; the limits of numbers
// are well within it.
const maxNumber = schema.MaxIntegerDigits + 16

// numberOf is text as a number of JSON: as people and programs write them, with
// a plus, zeros in front, or nothing before or after the point.
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

// booleanOf is "true" or "false" for what programs and the check boxes of forms
// send, "" for what is neither.
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
