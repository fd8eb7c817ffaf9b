package auth

import (
	"context"

	"maestro/internal/model"
)

// Authenticator turns a token into a caller.
type Authenticator interface {
	// Authenticate checks a token. The error is a *model.Error: CodeUnauthorized
	// for a token that is not valid, CodeForbidden for a known caller without
	// any access here, CodeUnavailable when Census is unavailable.
	Authenticate(ctx context.Context, token string) (*Principal, error)
	// Issued reports whether a token was issued for this server, whether or not it
	// is still valid. Such a token is never passed to a function.
	Issued(token string) bool
	// Forget drops the cache of a user, or of all users when subject is empty, so
	// that a change of access applies from the next call.
	Forget(subject string)
}

// maxTokenBytes is the length above which a token is refused without parsing.
const maxTokenBytes = 8 << 10

func unauthorized(cause error, detail string) *model.Error {
	return &model.Error{Code: model.CodeUnauthorized, Detail: detail, Cause: cause}
}
