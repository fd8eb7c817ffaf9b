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
	in := input{Events: slices.Clone(Events), GraceSeconds: DefaultGrace} // a copy, which the decoder writes into
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, unreadable(err)
	}
	if problems := in.problems(); len(problems) > 0 {
		return nil, problems
	}
	s := &Setting{Events: in.Events, GraceSeconds: in.GraceSeconds}
	if in.URL != nil {
		s.URL = *in.URL
	}
	if in.Function != nil {
		s.Function = *in.Function
	}
	if in.SecretNames != nil {
		s.SecretNames = *in.SecretNames
	}
	return s, nil
}

// input is a setting as it comes: a member that is empty differs from none.
type input struct {
	URL          *string                `json:"url"`
	SecretNames  *signature.SecretNames `json:"secret_name"`
	Function     *string                `json:"function"`
	Events       []Event                `json:"events"`
	GraceSeconds int                    `json:"grace_seconds"`
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

func (in *input) problems() (all []model.Problem) {
	wrong := func(member, format string, args ...any) {
		all = append(all, model.Problem{Pointer: "/notify" + member, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case in.URL == nil && in.Function == nil:
		wrong("", "must name a url or a function that gets the messages, or be \"off\"")
	case in.URL != nil && in.Function != nil:
		wrong("", "can't have both a url and a function; leave one of them out")
	}
	if in.URL != nil {
		if fault := urlFault(*in.URL); fault != "" {
			wrong("/url", "%s", fault)
		}
	}
	if in.Function != nil && !functionName.MatchString(*in.Function) {
		wrong("/function", "must be the name of a function")
	}
	if in.SecretNames != nil {
		in.secretProblems(wrong)
	}
	if len(in.Events) == 0 {
		wrong("/events", "must name an event; \"off\" in place of the object sends no message")
	}
	for i, event := range in.Events {
		switch {
		case slices.Contains(in.Events[:i], event):
			wrong("/events", "must hold each event at most once")
		case !slices.Contains(Events, event):
			wrong(fmt.Sprintf("/events/%d", i), "must be failure, recovery or missed")
		}
	}
	if in.GraceSeconds < LeastGrace || in.GraceSeconds > LongestGrace {
		wrong("/grace_seconds", "must be from %d to %d", LeastGrace, LongestGrace)
	}
	return all
}

func (in *input) secretProblems(wrong func(member, format string, args ...any)) {
	names := *in.SecretNames
	switch {
	case in.URL == nil:
		wrong("/secret_name", "signs messages to a url; leave it out for a function")
	case len(names) == 0:
		wrong("/secret_name", "must name the secret to sign with; leave it out to send messages without a signature")
	case len(names) > MaxSecretNames:
		wrong("/secret_name", "must name at most %d secrets", MaxSecretNames)
	}
	for i, name := range names {
		pointer := "/secret_name"
		if len(names) > 1 {
			pointer = fmt.Sprintf("/secret_name/%d", i)
		}
		switch {
		case name == "" || utf8.RuneCountInString(name) > signature.MaxName || strings.ContainsRune(name, 0):
			wrong(pointer, "must have 1 to %d characters", signature.MaxName)
		case slices.Contains(names[:i], name):
			wrong("/secret_name", "must not name the same secret twice")
		}
	}
}

var functionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,254}$`)

// urlFault returns the fault of a receiver's address, or nothing.
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
