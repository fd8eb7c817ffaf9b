package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// RetryPolicy says how often, when and after which failures an asynchronous run is
// tried again. A nil policy stands for "never".
type RetryPolicy struct {
	MaxAttempts       int      `json:"max_attempts"`                  // with the first one
	BackoffSeconds    float64  `json:"backoff_seconds"`               // before the second attempt; doubles each time
	MaxBackoffSeconds float64  `json:"max_backoff_seconds"`           // it grows up to that
	On                []string `json:"on,omitempty" nullable:"false"` // exception classes, of which a subclass is one, or statuses; empty: every failure that may not recur
}

// Bounds of a RetryPolicy.
const (
	MaxAttempts       = 100
	MaxBackoffSeconds = 24 * 60 * 60
)

// DefaultRetryPolicy has the values of the members that a policy leaves out.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{MaxAttempts: 3, BackoffSeconds: 1, MaxBackoffSeconds: 300}
}

// ParseRetryPolicy reads a policy, filling in the defaults, and lists its problems;
// null and an empty text are nil.
func ParseRetryPolicy(raw json.RawMessage) (*RetryPolicy, []Problem) {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	p := DefaultRetryPolicy()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return nil, []Problem{unreadablePolicy(err)}
	}
	return &p, p.problems()
}

// unreadablePolicy says which member of a policy is of another type, or that it
// is no policy.
func unreadablePolicy(err error) Problem {
	var other *json.UnmarshalTypeError
	if errors.As(err, &other) && other.Field != "" {
		want := map[string]string{"max_attempts": "a whole number", "on": "a list of names of exception classes, such as ConnectionError"}[other.Field]
		if want == "" {
			want = "a number of seconds"
		}
		return Problem{Pointer: "/retry/" + other.Field, Message: "must be " + want}
	}
	const members = "must be an object with max_attempts, backoff_seconds, max_backoff_seconds and on"
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Problem{Pointer: "/retry", Message: members + ", and has " + name}
	}
	return Problem{Pointer: "/retry", Message: members}
}

func (p *RetryPolicy) problems() (all []Problem) {
	wrong := func(member, format string, args ...any) {
		all = append(all, Problem{Pointer: "/retry/" + member, Message: fmt.Sprintf(format, args...)})
	}
	if p.MaxAttempts < 1 || p.MaxAttempts > MaxAttempts {
		wrong("max_attempts", "must be from 1 to %d", MaxAttempts)
	}
	if p.BackoffSeconds < 0 || p.BackoffSeconds > MaxBackoffSeconds {
		wrong("backoff_seconds", "must be from 0 to %d", MaxBackoffSeconds)
	}
	if p.MaxBackoffSeconds < 0 || p.MaxBackoffSeconds > MaxBackoffSeconds {
		wrong("max_backoff_seconds", "must be from 0 to %d", MaxBackoffSeconds)
	}
	if slices.Contains(p.On, "") {
		wrong("on", "must hold names of exception classes, such as ConnectionError")
	}
	return all
}

// Names reports whether the policy's on has that very name. A nil policy has
// none.
func (p *RetryPolicy) Names(class string) bool { return p != nil && slices.Contains(p.On, class) }

// Again says whether an attempt (1 is the first) that ended with status is
// followed by another one, and after how long. classes are the names of the
// exception's class and of its bases. A policy that names any of them, or the
// status, or nothing at all, allows another attempt.
func (p *RetryPolicy) Again(attempt int, status Status, classes ...string) (time.Duration, bool) {
	if p == nil || attempt >= p.MaxAttempts {
		return 0, false
	}
	switch status {
	case StatusFailed, StatusTimedOut, StatusCrashed:
	default:
		return 0, false
	}
	if len(p.On) > 0 && !p.Names(string(status)) && !slices.ContainsFunc(classes, p.Names) {
		return 0, false
	}
	longest := min(p.BackoffSeconds*math.Pow(2, float64(attempt-1)), p.MaxBackoffSeconds)
	// At least half of it, so that it is a pause; the rest by chance, so that
	// those that failed together don't come back together.
	seconds := longest/2 + rand.Float64()*longest/2
	return time.Duration(seconds * float64(time.Second)), true
}
