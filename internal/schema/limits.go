package schema

import (
	"fmt"
	"unicode/utf8"
)

// The limits of every JSON value that enters a function (the contract, Running
// a function).
const (
	MaxDepth         = 512       // arrays and objects within each other
	MaxIntegerDigits = 4300      // as Python's sys.int_info.default_max_str_digits
	MaxValues        = 2_000_000 // values in one document
)

// A LimitError means that a text is JSON, but beyond the limits. Callers respond
// with 422, and with 400 to every other error of Scan.
type LimitError struct {
	Offset  int // in bytes
	Message string
}

func (e *LimitError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset) }

// A SyntaxError means that a text is not JSON.
type SyntaxError struct {
	Offset  int // in bytes
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Message, e.Offset) }

// Scan checks in one pass that text is exactly one JSON value (RFC 8259) in
// valid UTF-8 and within the limits. The error is a *SyntaxError or a
// *LimitError.
func Scan(text []byte) error {
	if !utf8.Valid(text) {
		return &SyntaxError{firstInvalid(text), "the text is not valid UTF-8"}
	}
	s := scanner{text: text}
	s.space()
	if err := s.value(0); err != nil {
		return err
	}
	s.space()
	if s.pos != len(text) {
		return s.syntax("unexpected text after the value")
	}
	return nil
}

func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

type scanner struct {
	text   []byte
	pos    int
	values int
}

func (s *scanner) syntax(message string) error { return &SyntaxError{s.pos, message} }

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) value(depth int) error {
	if s.values++; s.values > MaxValues {
		return &LimitError{s.pos, fmt.Sprintf("the document has more than %d values", MaxValues)}
	}
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth + 1)
	case c == '[':
		return s.array(depth + 1)
	case c == '"':
		return s.text1()
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	case s.pos >= len(s.text):
		return s.syntax("unexpected end: a value is missing")
	default:
		return s.syntax("a JSON value was expected")
	}
}

func (s *scanner) literal(word string) error {
	if len(s.text)-s.pos < len(word) || string(s.text[s.pos:s.pos+len(word)]) != word {
		return s.syntax("a JSON value was expected")
	}
	s.pos += len(word)
	return nil
}

func (s *scanner) tooDeep(depth int) error {
	if depth > MaxDepth {
		return &LimitError{s.pos, fmt.Sprintf("arrays and objects are nested deeper than %d", MaxDepth)}
	}
	return nil
}

func (s *scanner) object(depth int) error {
	if err := s.tooDeep(depth); err != nil {
		return err
	}
	s.pos++
	s.space()
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.syntax("a member's name in double quotes was expected")
		}
		if err := s.text1(); err != nil {
			return err
		}
		s.space()
		if s.peek() != ':' {
			return s.syntax("a colon was expected after the member's name")
		}
		s.pos++
		s.space()
		if err := s.value(depth); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case '}':
			s.pos++
			return nil
		default:
			return s.syntax("a comma or } was expected")
		}
	}
}

func (s *scanner) array(depth int) error {
	if err := s.tooDeep(depth); err != nil {
		return err
	}
	s.pos++
	s.space()
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for {
		if err := s.value(depth); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case ']':
			s.pos++
			return nil
		default:
			return s.syntax("a comma or ] was expected")
		}
	}
}

// text1 scans one string; the position is at its opening quote.
func (s *scanner) text1() error {
	start := s.pos
	s.pos++
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < 0x20:
			return s.syntax("a control character must be escaped in a string")
		default:
			s.pos++
		}
	}
	s.pos = start
	return s.syntax("the string has no end")
}

func (s *scanner) escape() error {
	if s.pos+1 >= len(s.text) {
		return s.syntax("the string has no end")
	}
	switch s.text[s.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return nil
	case 'u':
		for k := 2; k < 6; k++ {
			if s.pos+k >= len(s.text) || !isHex(s.text[s.pos+k]) {
				return s.syntax("\\u needs four hexadecimal digits")
			}
		}
		s.pos += 6
		return nil
	default:
		return s.syntax("unknown escape in a string")
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
