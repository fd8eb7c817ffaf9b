package signature

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"maestro/internal/model"
)

// Scheme is a method of signing.
type Scheme string

// The schemes (the contract, Webhooks).
const (
	GitHub           Scheme = "github"
	Stripe           Scheme = "stripe"
	Slack            Scheme = "slack"
	StandardWebhooks Scheme = "standard-webhooks"
	HMACSHA256       Scheme = "hmac-sha256"
)

// Schemes lists every scheme.
var Schemes = []Scheme{GitHub, Stripe, Slack, StandardWebhooks, HMACSHA256}

// Bounds of a Config.
const (
	MaxSecretNames = 10
	MaxName        = 255 // characters of a secret's or a header's name
)

// Config is the member "signature" of a webhook, in the API and in the database.
type Config struct {
	Scheme      Scheme      `json:"scheme"`
	SecretNames SecretNames `json:"secret_name"`
	Header      string      `json:"header,omitempty"` // of hmac-sha256 only: the header that carries the signature
}

// SecretNames names the active secrets: a signature by any of them is valid. In
// JSON one name is text and several are a list, so that a client gets back the
// form that it sent.
type SecretNames []string

// MarshalJSON writes one name as text and any other number as a list.
func (n SecretNames) MarshalJSON() ([]byte, error) {
	if len(n) == 1 {
		return json.Marshal(n[0])
	}
	return json.Marshal([]string(n))
}

// UnmarshalJSON reads a name or a list of names.
func (n *SecretNames) UnmarshalJSON(text []byte) error {
	var one *string
	if json.Unmarshal(text, &one) == nil && one != nil {
		*n = SecretNames{*one}
		return nil
	}
	var several []*string
	if json.Unmarshal(text, &several) != nil || several == nil || slices.Contains(several, nil) {
		return errors.New("secret_name must be a name or a list of names")
	}
	*n = make(SecretNames, len(several))
	for i, name := range several {
		(*n)[i] = *name
	}
	return nil
}

// Validate returns the faults of c, each with a pointer into its JSON.
func (c Config) Validate() []model.Problem {
	var problems []model.Problem
	report := func(pointer, format string, args ...any) {
		problems = append(problems, model.Problem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
	}
	known := slices.Contains(Schemes, c.Scheme)
	if !known {
		report("/scheme", "must be one of %s", listOf(Schemes))
	}
	switch {
	case len(c.SecretNames) == 0:
		report("/secret_name", "must name the secret that the sender signs with")
	case len(c.SecretNames) > MaxSecretNames:
		report("/secret_name", "must name at most %d secrets", MaxSecretNames)
	}
	for i, name := range c.SecretNames {
		pointer := "/secret_name"
		if len(c.SecretNames) > 1 {
			pointer = fmt.Sprintf("/secret_name/%d", i)
		}
		switch {
		case name == "" || utf8.RuneCountInString(name) > MaxName:
			report(pointer, "must have 1 to %d characters", MaxName)
		case slices.Contains(c.SecretNames[:i], name):
			report(pointer, "must not name the same secret twice")
		}
	}
	switch {
	case c.Scheme == HMACSHA256 && c.Header == "":
		report("/header", "must name the header that carries the signature")
	case c.Scheme == HMACSHA256 && (len(c.Header) > MaxName || !httpguts.ValidHeaderFieldName(c.Header)):
		report("/header", "must be the name of a header")
	case c.Scheme == HMACSHA256 && slices.ContainsFunc(UnusableHeaders, equalFold(c.Header)):
		report("/header", "must be a header that can carry a signature, unlike Host, Content-Type, Connection or Cookie")
	case known && c.Scheme != HMACSHA256 && c.Header != "":
		report("/header", "must be left out: the scheme %s defines its header", c.Scheme)
	}
	return problems
}

// HeaderNames are the headers that carry the signature itself. They are masked
// in every record.
func (c Config) HeaderNames() []string {
	switch c.Scheme {
	case GitHub:
		return []string{githubSignature, githubSignatureOld}
	case Stripe:
		return []string{stripeSignature}
	case Slack:
		return []string{slackSignature}
	case StandardWebhooks:
		return []string{standardSignature, svixSignature}
	case HMACSHA256:
		return []string{c.Header}
	default:
		return nil
	}
}

// HeaderPattern is the token of RFC 9110.
const HeaderPattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

// UnusableHeaders are interpreted by the server or by proxies before it.
var UnusableHeaders = []string{"Host", "Content-Type", "Content-Length", "Transfer-Encoding", "Connection", "Cookie"}

func equalFold(a string) func(string) bool {
	return func(b string) bool { return strings.EqualFold(a, b) }
}

func listOf(schemes []Scheme) string {
	words := make([]string, len(schemes))
	for i, scheme := range schemes {
		words[i] = string(scheme)
	}
	return strings.Join(words, ", ")
}
