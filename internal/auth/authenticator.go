package auth

import (
	"context"

	"maestro/internal/model"
)

// Authenticator turns a token into a caller.
type Authenticator interface {
	// Authenticate checks a token. The error is a *model.Error: CodeUnauthorized
	// for a token that is not valid, CodeForbidden for a known caller without
	// any right here, CodeUnavailable when who has to be asked is away.
	Authenticate(ctx context.Context, token string) (*Principal, error)
	// Issued reports whether a token was made for this server, be it valid at
	// present or not. Such a token is never handed on to a function.
	Issued(token string) bool
	// Forget drops what is remembered of a user, or of everybody when subject
	// is empty: what they may do has changed, and holds from the next call.
	Forget(subject string)
}

// maxTokenBytes is the length above which a token is refused unread.
const maxTokenBytes = 8 << 10

func unauthorized(cause error, detail string) *model.Error {
	return &model.Error{Code: model.CodeUnauthorized, Detail: detail, Cause: cause}
}
