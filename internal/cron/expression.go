package cron

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The fields, in their order.
const (
	minutes = iota
	hours
	days
	months
	weekdays
)

// macros are the words that stand for five fields.
var macros = map[string]string{
	"@hourly":   "0 * * * *",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@weekly":   "0 0 * * 0",
	"@monthly":  "0 0 1 * *",
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
}

// Expression is a cron expression that comes at some time. It never changes.
type Expression struct {
	fields   [5]string // in gronx's spelling: numbers, no names
	realTime bool      // the hour field is * or */n: it follows real time
}

// Parse reads an expression. The error's text is for people: the fault,
// and with which field.
func Parse(text string) (*Expression, error) {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(parts) == 1 && strings.HasPrefix(parts[0], "@") {
		fields, known := macros[strings.ToLower(parts[0])]
		if !known {
			return nil, fmt.Errorf("%.40q is none of %s", parts[0], strings.Join(slices.Sorted(maps.Keys(macros)), " "))
		}
		parts = strings.Fields(fields)
	}
	if len(parts) != len(fieldRules) {
		return nil, fmt.Errorf("must have exactly five fields (minute, hour, day of month, month, day of week), and has %d", len(parts))
	}
	e := &Expression{}
	for i, part := range parts {
		field, err := fieldRules[i].read(part)
		if err != nil {
			return nil, fmt.Errorf("the field for the %s, %.40q: %w", fieldRules[i].name, part, err)
		}
		e.fields[i] = field
	}
	e.realTime = e.fields[hours] == "*" || strings.HasPrefix(e.fields[hours], "*/") && !strings.Contains(e.fields[hours], ",")
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // whenever: the calendar repeats
	if _, comes := e.match(start, start.AddDate(searchYears, 0, 0)); !comes {
		return nil, errors.New("is well-formed but never comes: no month that it allows has such a day")
	}
	return e, nil
}
