package cron

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// fieldRule is what one field may hold.
type fieldRule struct {
	name      string
	low, high int
	names     []string // of low and up, in upper case; nil: numbers only
	alias     int      // a number above high that stands for low; 0: none
}

var fieldRules = [5]fieldRule{
	minutes: {name: "minute", low: 0, high: 59},
	hours:   {name: "hour", low: 0, high: 23},
	days:    {name: "day of month", low: 1, high: 31},
	months: {name: "month", low: 1, high: 12,
		names: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	weekdays: {name: "day of week", low: 0, high: 6, alias: 7,
		names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
}

// read checks a field and puts it into the spelling that gronx takes in one
// way only: it reads names anywhere, and of a list it checks what the present
// moment makes it look at.
func (r *fieldRule) read(text string) (string, error) {
	var items []string
	everything := false
	for item := range strings.SplitSeq(text, ",") {
		item, err := r.readItem(item)
		if err != nil {
			return "", err
		}
		everything = everything || item == "*"
		items = append(items, item)
	}
	if everything { // a list with * in it is *, also where * has a meaning of its own
		return "*", nil
	}
	return strings.Join(items, ","), nil
}

// readItem reads *, n, n-m and each of them with a step.
func (r *fieldRule) readItem(text string) (string, error) {
	span, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		var ok bool
		if step, ok = number(stepText); !ok || step == 0 {
			return "", errors.New("a step is a number above 0, as in */5")
		}
		if step > r.high-r.low {
			return "", fmt.Errorf("a step of %d is longer than the field, which ends at %d; it would not go on in the next one", step, r.high)
		}
	}
	if span == "*" {
		if step == 1 {
			return "*", nil
		}
		return "*/" + strconv.Itoa(step), nil
	}
	first, last, ranged := strings.Cut(span, "-")
	low, err := r.value(first)
	if err != nil {
		return "", err
	}
	var high int
	switch {
	case ranged:
		if high, err = r.value(last); err != nil {
			return "", err
		}
		if strings.EqualFold(last, "SUN") {
			high = r.alias // a week may end with it
		}
		if high < low {
			return "", fmt.Errorf("the range %s-%s goes backwards; write it as two", first, last)
		}
	default:
		if low > r.high {
			low = r.low // the alias
		}
		if !stepped {
			return strconv.Itoa(low), nil
		}
		high = r.high
	}
	out := strconv.Itoa(low) + "-" + strconv.Itoa(high)
	if step > 1 {
		out += "/" + strconv.Itoa(step)
	}
	return out, nil
}

// value reads a number or a name.
func (r *fieldRule) value(text string) (int, error) {
	for i, name := range r.names {
		if strings.EqualFold(text, name) {
			return r.low + i, nil
		}
	}
	n, ok := number(text)
	switch {
	case !ok && r.names != nil:
		return 0, fmt.Errorf("%.20q is neither a number nor a name such as %s", text, strings.ToLower(r.names[1]))
	case !ok:
		return 0, fmt.Errorf("%.20q is not a number", text)
	case n < r.low || n > max(r.high, r.alias):
		return 0, fmt.Errorf("%d is outside %d to %d", n, r.low, max(r.high, r.alias))
	}
	return n, nil
}

// number reads digits, and nothing that comes with them.
func number(text string) (int, bool) {
	if text == "" || len(text) > 4 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
