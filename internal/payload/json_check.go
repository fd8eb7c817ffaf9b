package payload

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"maestro/internal/model"
	"maestro/internal/schema"
)

// CheckJSON returns nil when data is one JSON value within the limits of inputs.
// Invalid JSON is CodeMalformedBody with the position; JSON beyond the limits on
// depth and numbers has the code beyond.
func CheckJSON(data []byte, beyond model.Code) error {
	err := schema.Scan(data)
	if err == nil {
		return nil
	}
	var limit *schema.LimitError
	var syntax *schema.SyntaxError
	switch {
	case errors.As(err, &limit):
		return model.NewError(beyond, "The body is not accepted: %v.", err)
	case errors.As(err, &syntax):
		line, column := position(data, syntax.Offset)
		return model.NewError(model.CodeMalformedBody,
			"The body is not JSON: line %d, column %d: %s.", line, column, syntax.Message)
	default:
		return &model.Error{Code: model.CodeMalformedBody, Detail: "The body is not valid JSON.", Cause: err}
	}
}

// position converts an offset in bytes to line and column, both from 1.
func position(data []byte, offset int) (line, column int) {
	before := data[:max(0, min(offset, len(data)))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}
