package auth

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ExpiryOf is the time at which a token says that it ends; the zero time if it says
// none. The token is not checked: Authenticate does that.
func ExpiryOf(token string) time.Time {
	var c claims
	if len(token) > maxTokenBytes {
		return time.Time{}
	}
	if _, _, err := jwt.NewParser().ParseUnverified(token, &c); err != nil || c.ExpiresAt == nil {
		return time.Time{}
	}
	return c.ExpiresAt.Time
}
