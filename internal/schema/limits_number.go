package schema

import (
	"errors"
	"fmt"
	"strconv"
)

// number scans one number. It refuses integers with more digits than Python
// converts, and numbers whose exponent is out of the range of a double: validating
// 1e1000000 against an integer schema would take 42 ms.
func (s *scanner) number() error {
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	first := s.pos
	if !s.digits() {
		return s.syntax("a digit was expected")
	}
	whole := s.pos - first
	if whole > 1 && s.text[first] == '0' {
		s.pos = first
		return s.syntax("a number must not start with 0")
	}
	real := false
	if s.peek() == '.' {
		real = true
		s.pos++
		if !s.digits() {
			return s.syntax("a digit was expected after the decimal point")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		real = true
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.syntax("a digit was expected in the exponent")
		}
	}
	if !real {
		if whole > MaxIntegerDigits {
			return &LimitError{start, fmt.Sprintf("an integer has more than %d digits", MaxIntegerDigits)}
		}
		return nil
	}
	if s.pos-start <= 20 && s.small(start) {
		return nil
	}
	if s.pos-start > MaxIntegerDigits {
		return &LimitError{start, fmt.Sprintf("a number has more than %d digits", MaxIntegerDigits)}
	}
	if _, err := strconv.ParseFloat(string(s.text[start:s.pos]), 64); errors.Is(err, strconv.ErrRange) {
		return &LimitError{start, "a number is outside the range of a double (about 1.8e308)"}
	}
	if s.underflows(start) {
		return &LimitError{start, "a number is outside the range of a double (about 4.9e-324)"}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.text) && s.text[s.pos] >= '0' && s.text[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// small reports that the number has no exponent: with at most 20 characters
// it is then well within a double's range.
func (s *scanner) small(start int) bool {
	for _, c := range s.text[start:s.pos] {
		if c == 'e' || c == 'E' {
			return false
		}
	}
	return true
}

// underflows reports a number that is not zero but becomes zero as a double.
func (s *scanner) underflows(start int) bool {
	f, err := strconv.ParseFloat(string(s.text[start:s.pos]), 64)
	if err != nil || f != 0 {
		return false
	}
	for _, c := range s.text[start:s.pos] {
		if c >= '1' && c <= '9' {
			return true
		}
		if c == 'e' || c == 'E' {
			return false
		}
	}
	return false
}
