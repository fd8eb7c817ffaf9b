package pip

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"maestro/internal/model"
)

// Error is a refusal that is no fault of the server's, in words for people;
// credentials are masked.
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

// refusedLine is what pip says of an index that wants to know who asks.
var refusedLine = regexp.MustCompile(`\b(40[13]) (?:Client )?Error|HTTP error (40[13])`)

// explain makes an error of what a child said (unmasked) before it failed. The
// end of ctx comes before all of it.
func (r *Runner) explain(ctx context.Context, err error, lines []string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var ended *endedError
	switch {
	case errors.Is(err, errTooLarge):
		return &Error{Text: fmt.Sprintf("The packages are larger than the %d MB that an install may take.", r.opts.MaxBytes>>20)}
	case slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "MemoryError") }):
		return &Error{Text: fmt.Sprintf("The packages need more than the %d MB of memory that an install may take.", r.opts.MaxMemory>>20)}
	case !errors.As(err, &ended):
		return err
	case ended.status.Signal() != 0:
		return &Error{Text: fmt.Sprintf("It was ended by the signal %s, most likely for the time or memory that a package takes.", ended.status.Signal())}
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
		if found := refusedLine.FindStringSubmatch(line); found != nil {
			return r.refused(found[1]+found[2], line)
		}
	}
	for _, line := range lines {
		if unreachableLine.MatchString(line) {
			return &UnreachableError{Text: r.masks.text(strings.TrimSpace(line))}
		}
	}
	var said []string
	for _, line := range lines {
		if message, ok := strings.CutPrefix(line, "ERROR: "); ok {
			said = append(said, strings.TrimSpace(message))
		}
	}
	if len(said) == 0 {
		return fmt.Errorf("pip failed: %w: %.2000s", err, r.masks.text(text))
	}
	message := r.masks.text(strings.Join(said, " "))
	if strings.Contains(message, "No matching distribution") && strings.Contains(message, "from versions: none") {
		message += " There is no such package, or none of its versions has a wheel for this Python and machine."
	}
	if len(message) > 2000 {
		message = strings.ToValidUTF8(message[:2000], "") + " …"
	}
	return &Error{Text: message}
}

// refused says that the index does not let this server in: what a subtenant asks
// for has no part in a 401; a 403 may also be an index's way to say that it has
// no such package.
func (r *Runner) refused(status, line string) error {
	if status == "403" {
		return &Error{Text: "The package index refuses to give that (403): there is no such package, or this server's credentials are not good for it."}
	}
	e := model.NewError(model.CodeUnavailable, "The package index does not accept this server's credentials (401); nothing was changed. Have whoever runs the server look at PIP_INDEX_URL.")
	e.Cause = errors.New(r.masks.text(line))
	return e
}
