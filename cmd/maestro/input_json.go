package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// inputJSON returns the JSON that an option, a file (@FILE) or the standard input (-)
// gave. A byte order mark, with which PowerShell begins a file, is no part of it;
// after one of UTF-16 the text is converted.
func inputJSON(option string, text []byte) (json.RawMessage, error) {
	decoded, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), text)
	if err == nil && utf8.Valid(decoded) && !bytes.Equal(decoded, text) {
		text = decoded
	}
	var value json.RawMessage
	if err = json.Unmarshal(text, &value); err == nil {
		return value, nil
	}
	var wrong *json.SyntaxError
	errors.As(err, &wrong)
	read := text[:min(int(wrong.Offset), len(text))]
	where := fmt.Sprintf("line %d, column %d: %s", 1+bytes.Count(read, []byte("\n")), max(1, len(read)-1-bytes.LastIndexByte(read, '\n')), wrong)
	switch {
	case option == "-":
		return nil, fmt.Errorf("the standard input is not JSON: %s", where)
	case option != "" && option[0] == '@':
		return nil, fmt.Errorf("%s is not JSON: %s", option[1:], where)
	default:
		return nil, usageError(fmt.Sprintf("--input is not JSON: %s; put texts in double quotes, and the whole in single ones", where))
	}
}
