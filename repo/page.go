package repo

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"maestro/internal/model"
)

// Page says which part of a list is wanted. Limits are checked by the caller;
// a Limit of 0 means 100.
type Page struct {
	Limit  int
	Offset int
	Cursor string // from an earlier answer; "" starts at the beginning
	// Brief leaves out what may be large, and is not read then: input, output, error and
	// traceback of executions and steps, code and schemas of functions and versions.
	Brief bool
}

// limit is what to ask the database for: one row more than wanted tells
// whether there is a next page.
func (p Page) limit() int32 { return int32(p.size() + 1) }

func (p Page) size() int {
	if p.Limit <= 0 {
		return 100
	}
	return p.Limit
}

// after splits the cursor into its n parts; without one they are empty.
func (p Page) after(n int) ([]string, error) {
	if p.Cursor == "" {
		return make([]string, n), nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	parts := strings.Split(string(raw), "\n")
	if err != nil || len(parts) != n || bytes.IndexByte(raw, 0) >= 0 || !utf8.Valid(raw) {
		return nil, errBadCursor()
	}
	return parts, nil
}

func errBadCursor() error {
	return model.NewError(model.CodeBadRequest, "The cursor is not one that this list gave; leave it out to start again.")
}

// cut shortens rows to the page and makes the cursor of the next one, "" when
// there is none. key gives the parts by which the list is sorted.
func cut[T any](p Page, rows []T, key func(T) []string) ([]T, string) {
	if len(rows) <= p.size() {
		return rows, ""
	}
	rows = rows[:p.size()]
	return rows, cursorOf(key(rows[len(rows)-1])...)
}

// cursorOf makes the cursor that after splits.
func cursorOf(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\n")))
}
