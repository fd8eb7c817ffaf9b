package alerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"maestro/internal/model"
	"maestro/internal/signature"
)

// Parse reads a setting, filling in the defaults, and lists its problems; null and an
// empty text are nil.
func Parse(raw json.RawMessage) (*Setting, []model.Problem) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var word string
	if json.Unmarshal(raw, &word) == nil {
		if word == off {
			return &Setting{Off: true}, nil
		}
		return nil, unreadable(errors.New(""))
	}
	s := Setting{Events: slices.Clone(Events), GraceSeconds: DefaultGrace} // a copy, which the decoder writes into
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return nil, unreadable(err)
	}
	return &s, s.problems()
}

// stored reads a setting from the database. One that this version cannot read is none:
// it must not keep the messages of others.
func stored(raw json.RawMessage) *Setting {
	s, problems := Parse(raw)
	if len(problems) > 0 || s == nil || s.Off {
		return nil
	}
	return s
}

// unreadable says which member is of another type, or that there is no setting.
func unreadable(err error) []model.Problem {
	wanted := map[string]string{
		"url": "text", "function": "the name of a function", "events": "a list of failure, recovery and missed", "grace_seconds": "a whole number of seconds",
	}
	var other *json.UnmarshalTypeError
	if errors.As(err, &other) {
		member, _, _ := strings.Cut(other.Field, ".")
		if want := wanted[member]; want != "" {
			return []model.Problem{{Pointer: "/notify/" + member, Message: "must be " + want}}
		}
	}
	if strings.HasPrefix(err.Error(), "secret_name") {
		return []model.Problem{{Pointer: "/notify/secret_name", Message: "must be a name or a list of names"}}
	}
	const members = `must be "off", or an object with url and secret_name, or function, and events and grace_seconds`
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return []model.Problem{{Pointer: "/notify", Message: members + ", and has " + name}}
	}
	return []model.Problem{{Pointer: "/notify", Message: members}}
}

func (s *Setting) problems() (all []model.Problem) {
	wrong := func(member, format string, args ...any) {
		all = append(all, model.Problem{Pointer: "/notify" + member, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case s.URL == "" && s.Function == "":
		wrong("", "must name a url or a function that gets the messages, or be \"off\"")
	case s.URL != "" && s.Function != "":
		wrong("/function", "can't be combined with url; leave one of them out")
	}
	if s.URL != "" {
		if fault := urlFault(s.URL); fault != "" {
			wrong("/url", "%s", fault)
		}
	}
	if s.Function != "" && !functionName.MatchString(s.Function) {
		wrong("/function", "must be the name of a function")
	}
	if len(s.SecretNames) > 0 && s.URL == "" {
		wrong("/secret_name", "signs messages to a url; leave it out for a function")
	}
	if len(s.SecretNames) > MaxSecretNames {
		wrong("/secret_name", "must name at most %d secrets", MaxSecretNames)
	}
	for i, name := range s.SecretNames {
		if name == "" || utf8.RuneCountInString(name) > signature.MaxName || strings.ContainsRune(name, 0) || slices.Contains(s.SecretNames[:i], name) {
			wrong("/secret_name", "must hold names of secrets of 1 to %d characters, each once", signature.MaxName)
			break
		}
	}
	if len(s.Events) == 0 {
		wrong("/events", "must name an event; \"off\" in place of the object sends no message")
	}
	for i, event := range s.Events {
		if !slices.Contains(Events, event) || slices.Contains(s.Events[:i], event) {
			wrong("/events", "must hold failure, recovery and missed, each at most once")
			break
		}
	}
	if s.GraceSeconds < LeastGrace || s.GraceSeconds > LongestGrace {
		wrong("/grace_seconds", "must be from %d to %d", LeastGrace, LongestGrace)
	}
	return all
}

var functionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,254}$`)

// urlFault says what is wrong with an address of a receiver, or nothing.
func urlFault(text string) string {
	to, err := url.Parse(text)
	switch {
	case len(text) > MaxURL:
		return fmt.Sprintf("must have at most %d characters", MaxURL)
	case err != nil || to.Scheme != "https" && to.Scheme != "http" || to.Hostname() == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "must be an absolute http or https URL"
	case to.User != nil:
		return "must have no user or password: every caller of the subtenant can read it. Sign the messages with secret_name instead"
	case to.Fragment != "":
		return "must have no fragment: it is never sent"
	}
	return ""
}
