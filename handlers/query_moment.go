package handlers

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

// Moment is a time of a query as it was sent; empty when absent.
type Moment string

// momentPattern is the form of a Moment, for the OpenAPI document.
const momentPattern = `^(-[0-9]{1,6}[smhdw]|[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[-+ ][0-9]{2}:[0-9]{2}))?)$`

const momentRule = `must be a time such as 2026-11-29T08:30:00Z, a date such as 2026-11-29, or an age such as -24h or -7d (s, m, h, d, w)`

// ages are the units of a relative time.
var ages = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// Schema implements huma.SchemaProvider.
func (Moment) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: momentPattern, PatternDescription: strings.TrimPrefix(momentRule, "must be ")}
}

// time parses a moment: RFC 3339, a date in UTC, or an age before now. A date
// stands for its first moment, or with last for its last microsecond. Empty text
// is the zero time.
func (m Moment) time(pointer string, now time.Time, last bool) (time.Time, error) {
	text := string(m)
	if text == "" {
		return time.Time{}, nil
	}
	if age, ok := strings.CutPrefix(text, "-"); ok && age != "" {
		n, err := strconv.ParseUint(age[:len(age)-1], 10, 20)
		unit, known := ages[age[len(age)-1]]
		if err != nil || !known || n > uint64(math.MaxInt64/unit) {
			return time.Time{}, invalidAt(pointer, momentRule)
		}
		return now.Add(-time.Duration(n) * unit), nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if last {
			day = day.Add(24*time.Hour - time.Microsecond)
		}
		return day, nil
	}
	// A + that was not escaped is decoded as a space.
	if i := strings.LastIndexByte(text, ' '); i > len(time.DateOnly) {
		text = text[:i] + "+" + text[i+1:]
	}
	at, err := time.Parse(time.RFC3339, strings.ToUpper(strings.Replace(text, " ", "T", 1)))
	if err != nil {
		return time.Time{}, invalidAt(pointer, momentRule)
	}
	return at, nil
}

// durationOf makes milliseconds of a query a duration, to the microsecond.
func durationOf(ms float64, pointer string) (time.Duration, error) {
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		return 0, invalidAt(pointer, "must be a number of milliseconds")
	}
	return time.Duration(ms*1000) * time.Microsecond, nil
}

// optionalID reads an id of a query; "" is the zero id.
func optionalID(text, pointer string) (model.ID, error) {
	if text == "" {
		return model.ID{}, nil
	}
	id, err := model.ParseID(text)
	if err != nil || id.IsZero() {
		return model.ID{}, invalidAt(pointer, "is not a valid id")
	}
	return id, nil
}
