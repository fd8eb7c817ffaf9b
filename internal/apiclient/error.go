package apiclient

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Error is an error answer of the server.
type Error struct {
	Status      int    `json:"status"`
	Code        string `json:"code"`
	Detail      string `json:"detail"`
	ErrorType   string `json:"error_type"`
	ExecutionID string `json:"execution_id"`
	Errors      []Item `json:"errors"`
}

// Item is one fault of several.
type Item struct {
	Pointer string `json:"pointer"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

func (e *Error) Error() string {
	text := fmt.Sprintf("the server answers %d %s: %s", e.Status, e.Code, e.Detail)
	for _, p := range e.Errors {
		if strings.Contains(e.Detail, p.Message) {
			continue
		}
		where := cmp.Or(p.Pointer, "the value")
		if p.Line > 0 {
			where = fmt.Sprintf("line %d", p.Line)
		}
		text += fmt.Sprintf(" (%s: %s)", where, p.Message)
	}
	return text
}

// Is reports whether err is an answer of the server with that code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
