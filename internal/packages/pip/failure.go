package pip

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Error is pip's own refusal, in words for people; credentials are masked.
type Error struct{ Text string }

func (e *Error) Error() string { return "pip: " + e.Text }

// UnreachableError says that the index did not answer as one does.
type UnreachableError struct{ Text string }

func (e *UnreachableError) Error() string { return "pip can't reach the index: " + e.Text }

// Cause is one side of a conflict.
type Cause struct {
	Package  string // "bar 1.0", which depends on Requires; empty: it was asked for by itself
	Requires string // "foo<2"
	Pinned   bool   // asked for so that what is installed stays as it is
}

// ConflictError says that requirements can't be met together.
type ConflictError struct{ Causes []Cause }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("pip found no versions that go together: %v", e.Causes)
}

var (
	causeUser       = regexp.MustCompile(`^\s+The user requested (\(constraint\) )?(.+)$`)
	causeDepends    = regexp.MustCompile(`^\s+(\S+ \S+) depends on (.+)$`)
	unreachableLine = regexp.MustCompile(`after connection broken by|Could not fetch URL.*(?: 5\d\d |connection error|too many)|HTTP error 5\d\d|\b5\d\d Server Error|ReadTimeoutError|ProtocolError|IncompleteRead`)
)

// explain makes an error of what pip said before it failed.
func explain(err error, lines []string, maxBytes int64) error {
	if errors.Is(err, errTooLarge) {
		return &Error{Text: fmt.Sprintf("The packages are larger than the %d MB that an install may take.", maxBytes>>20)}
	}
	text := strings.Join(lines, "\n")
	var causes []Cause
	for _, line := range lines {
		if parts := causeUser.FindStringSubmatch(line); parts != nil {
			causes = append(causes, Cause{Requires: parts[2], Pinned: parts[1] != ""})
		} else if parts := causeDepends.FindStringSubmatch(line); parts != nil {
			causes = append(causes, Cause{Package: parts[1], Requires: parts[2]})
		}
	}
	if len(causes) > 0 && strings.Contains(text, "ResolutionImpossible") || strings.Contains(text, "conflicting dependencies") {
		return &ConflictError{Causes: causes}
	}
	for _, line := range lines {
		if unreachableLine.MatchString(line) {
			return &UnreachableError{Text: strings.TrimSpace(line)}
		}
	}
	var said []string
	for _, line := range lines {
		if message, ok := strings.CutPrefix(line, "ERROR: "); ok {
			said = append(said, strings.TrimSpace(message))
		}
	}
	if len(said) == 0 {
		return fmt.Errorf("pip failed: %w: %.2000s", err, text)
	}
	message := strings.Join(said, " ")
	if strings.Contains(message, "No matching distribution") && strings.Contains(message, "from versions: none") {
		message += " There is no such package, or none of its versions has a wheel for this Python and machine."
	}
	if len(message) > 2000 {
		message = strings.ToValidUTF8(message[:2000], "") + " …"
	}
	return &Error{Text: message}
}
