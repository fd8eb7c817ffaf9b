package handlers

import (
	"context"
	"time"

	"maestro/internal/auth"
	"maestro/internal/model"
)

// watcher is the caller of an event stream, which lasts longer than the check of a
// request holds.
type watcher struct {
	tenant string
	token  string
	until  time.Time // the end of the session; zero: none
}

func watcherOf(call *call) watcher {
	return watcher{tenant: call.tenant, token: call.token, until: call.until}
}

// admitted checks whether the caller may still see what belongs to the subtenant.
// That it can't be checked now is no reason to end the stream.
func (w *watcher) admitted(ctx context.Context, by auth.Authenticator) error {
	if !w.until.IsZero() && time.Now().After(w.until) {
		return model.NewError(model.CodeUnauthorized, "The session has ended. Sign in again.")
	}
	principal, err := by.Authenticate(ctx, w.token)
	if err == nil {
		_, err = principal.Choose(w.tenant)
	}
	if model.CodeOf(err) == model.CodeUnavailable {
		return nil
	}
	return err
}
