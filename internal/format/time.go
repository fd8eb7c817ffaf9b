package format

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// checkTime is "full-time" of RFC 3339, with a leap second where UTC may have
// one.
func checkTime(text string) error {
	if len(text) < len("00:00:00Z") || text[2] != ':' || text[5] != ':' {
		return errors.New("it must be hh:mm:ss with a zone, as in 12:30:00Z or 12:30:00+02:00")
	}
	hour, ok1 := twoDigits(text[0:], 23)
	minute, ok2 := twoDigits(text[3:], 59)
	second, ok3 := twoDigits(text[6:], 60)
	if !ok1 || !ok2 || !ok3 {
		return errors.New("hour, minute or second is out of range")
	}
	rest := text[8:]
	if rest[0] == '.' {
		digits := 1
		for digits < len(rest) && isDigit(rest[digits]) {
			digits++
		}
		if digits == 1 {
			return errors.New("digits are missing after the decimal point")
		}
		rest = rest[digits:]
	}
	offset := 0 // in minutes
	switch {
	case rest == "Z" || rest == "z":
	case len(rest) == len("+00:00") && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':':
		h, ok1 := twoDigits(rest[1:], 23)
		m, ok2 := twoDigits(rest[4:], 59)
		if !ok1 || !ok2 {
			return errors.New("the zone's offset is out of range")
		}
		if offset = h*60 + m; rest[0] == '-' {
			offset = -offset
		}
	default:
		return errors.New("the zone must be Z or an offset such as +02:00")
	}
	const day = 24 * 60
	if second == 60 && (hour*60+minute-offset+day)%day != day-1 {
		return errors.New("a leap second is possible at 23:59:60 UTC only")
	}
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func twoDigits(text string, most int) (int, bool) {
	if !isDigit(text[0]) || !isDigit(text[1]) {
		return 0, false
	}
	n := int(text[0]-'0')*10 + int(text[1]-'0')
	return n, n <= most
}

var checkDate = borrow("date")

// checkDateTime is "date-time" of RFC 3339.
func checkDateTime(text string) error {
	if len(text) <= len("2006-01-02T") || text[10] != 'T' && text[10] != 't' {
		return errors.New("it must be a date, T and a time, as in 2026-01-31T12:30:00Z")
	}
	if err := checkDate(text[:10]); err != nil {
		return fmt.Errorf("the date is not valid: %w", err)
	}
	return checkTime(text[11:])
}

// durations is "duration" of RFC 3339, appendix A: no unit may be left out
// between two others.
var durations = regexp.MustCompile(`^P(?:[0-9]+W|` +
	`(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))?|` +
	`T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))$`)

func checkDuration(text string) error {
	if !durations.MatchString(text) {
		return errors.New("it must be P with years, months and days, T with hours, minutes and seconds, none left out in between, or P with weeks, as in P1Y2M10DT2H30M or P3W")
	}
	return nil
}

// checkPeriod is two date-times, or one and a duration.
func checkPeriod(text string) error {
	start, end, ok := strings.Cut(text, "/")
	if !ok {
		return errors.New("a slash must stand between start and end")
	}
	if strings.HasPrefix(start, "P") {
		return errors.Join(checkDuration(start), checkDateTime(end))
	}
	if strings.HasPrefix(end, "P") {
		return errors.Join(checkDateTime(start), checkDuration(end))
	}
	return errors.Join(checkDateTime(start), checkDateTime(end))
}
