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

// Error is a refusal that the request caused, as a user-facing message;
// credentials are masked.
type Error struct{ Text string }

func (e *Error) Error() string { return "pip: " + e.Text }

// UnreachableError reports that the index did not answer like an index.
type UnreachableError struct{ Text string }

func (e *UnreachableError) Error() string { return "pip cannot reach the index: " + e.Text }

// Cause is one side of a conflict.
type Cause struct {
	Package  string // "bar 1.0", which depends on Requires; empty: requested directly
	Requires string // "foo<2"
	Pinned   bool   // a constraint that keeps the installed version
}

// ConflictError reports that requirements cannot be met together.
type ConflictError struct{ Causes []Cause }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("pip found no compatible versions: %v", e.Causes)
}

var (
	causeUser       = regexp.MustCompile(`^\s+The user requested (\(constraint\) )?(.+)$`)
	causeDepends    = regexp.MustCompile(`^\s+(\S+ \S+) depends on (.+)$`)
	unreachableLine = regexp.MustCompile(`after connection broken by|Could not fetch URL.*(?: 5\d\d |connection error|too many)|HTTP error 5\d\d|\b5\d\d Server Error|ReadTimeoutError|ProtocolError|IncompleteRead`)
)

// refusedLine is pip's message about an index that requires credentials.
var refusedLine = regexp.MustCompile(`\b(40[13]) (?:Client )?Error|HTTP error (40[13])`)

// explain turns the (unmasked) output of a failed child into an error. The end
// of ctx has precedence.
func (r *Runner) explain(ctx context.Context, err error, lines []string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var ended *endedError
	switch {
	case errors.Is(err, errTooLarge):
		return &Error{Text: fmt.Sprintf("The packages exceed the %d MB that an install may take.", r.opts.MaxBytes>>20)}
	case slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "MemoryError") }):
		return &Error{Text: fmt.Sprintf("The install exceeded its memory limit of %d MB.", r.opts.MaxMemory>>20)}
	case !errors.As(err, &ended):
		return err
	case ended.status.Signal() != 0:
		return &Error{Text: fmt.Sprintf("The install was ended by the signal %s, probably because a package exceeded the time or memory limit.", ended.status.Signal())}
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
		message += " The package does not exist, or none of its versions has a wheel for this Python and machine."
	}
	if len(message) > 2000 {
		message = strings.ToValidUTF8(message[:2000], "") + " …"
	}
	return &Error{Text: message}
}

// refused reports that the index denies this server access. A 401 does not
// depend on the requested package; a 403 may also be an index's response for a
// package that it does not have.
func (r *Runner) refused(status, line string) error {
	if status == "403" {
		return &Error{Text: "The package index denies access (403): the package does not exist, or this server's credentials do not permit it."}
	}
	e := model.NewError(model.CodeUnavailable, "The package index does not accept this server's credentials (401); nothing was changed. Ask the server's operator to check PIP_INDEX_URL.")
	e.Cause = errors.New(r.masks.text(line))
	return e
}
