package auth

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// skew is how far in the future the iat of a token may be.
const skew = 60 * time.Second

// latest bounds the times in a token: the last second of the year 9999.
const latest = 253402300799

// claims are the claims of the contract. Pointers distinguish an absent claim from
// an empty one.
type claims struct {
	Email     string    `json:"email"`
	Subtenant *string   `json:"subtenant_id,omitempty"`
	Groups    *[]string `json:"groups,omitempty"`
	jwt.RegisteredClaims
}

// claimError names the claim of a token that has an invalid value.
type claimError struct{ name, want string }

func (e *claimError) Error() string {
	return fmt.Sprintf("The token's claim %q must be %s.", e.name, e.want)
}

// UnmarshalJSON reads the claims by their exact names, and times only where
// they are numbers: encoding/json takes any case, and the library takes text.
func (c *claims) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for name, claim := range map[string]struct {
		into any
		want string
	}{
		"sub": {&c.Subject, "text"}, "email": {&c.Email, "text"}, "subtenant_id": {&c.Subtenant, "text"},
		"groups": {&c.Groups, "a list of text"}, "aud": {&c.Audience, "text or a list of text"},
	} {
		if value, ok := members[name]; ok && json.Unmarshal(value, claim.into) != nil {
			return &claimError{name, claim.want}
		}
	}
	for name, into := range map[string]**jwt.NumericDate{"exp": &c.ExpiresAt, "nbf": &c.NotBefore, "iat": &c.IssuedAt} {
		value, ok := members[name]
		if !ok {
			continue
		}
		var seconds *float64
		if json.Unmarshal(value, &seconds) != nil || seconds == nil || math.Abs(*seconds) > latest {
			return &claimError{name, "a number of seconds since 1970"}
		}
		*into = &jwt.NumericDate{Time: time.UnixMilli(int64(*seconds * 1000))}
	}
	return nil
}

// checkForm refuses tokens that the library accepts: line ends in base64, and
// critical extensions, of which this server supports none.
func checkForm(token string, parsed *jwt.Token) error {
	if strings.ContainsAny(token, "\r\n") {
		return jwt.ErrTokenMalformed
	}
	if _, critical := parsed.Header["crit"]; critical {
		return fmt.Errorf("%w: the header names extensions in crit", jwt.ErrTokenUnverifiable)
	}
	return nil
}
