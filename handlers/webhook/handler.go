package webhook

import (
	"context"
	"log/slog"

	"maestro/internal/auth"
	"maestro/internal/engine"
	"maestro/internal/idempotency"
	"maestro/internal/model"
	"maestro/internal/payload"
	"maestro/internal/secrets"
	"maestro/repo"
)

// Prefix is where webhooks are called.
const Prefix = "/api/v1/h/"

// Options is what a Handler is built from; all of it is needed.
type Options struct {
	Context context.Context // of the server
	DB      *repo.DB
	Engine  *engine.Engine
	Auth    auth.Authenticator
	Secrets *secrets.Keeper
	Log     *slog.Logger
}

// Request is what the rest of the edge does for a call. It belongs to the
// goroutine that serves the call.
type Request interface {
	// Found notes whose webhook is called and who calls; nil without a valid token.
	Found(tenant string, caller *auth.Principal)
	// ReadBody reads the part of the body that has not arrived yet.
	ReadBody() error
	// Inflate replaces a compressed body by the plain one.
	Inflate() error
	// URL is what the sender asked for.
	URL() string
	// Origin is the request as the function may see it by maestro.request(). It
	// must be called before Inflate.
	Origin(authorization bool, signed []payload.Header) engine.Origin
	// Once calls answer, which runs a function, unless an earlier request of the
	// same occasion was answered: then by that answer.
	Once(occasion idempotency.Occasion, function string, answer func() error) error
	// Run runs a function, unless an earlier request of the occasion has run it.
	Run(context.Context, engine.RunRequest) (engine.RunResult, error)
	// LogFields are the fields of a log line about the call.
	LogFields(more ...any) []any
}

// Handler answers the calls of webhooks.
type Handler struct {
	Options
	table *tableLoader
	modes *inputModes
}

// New makes a Handler. Nothing is asked of the database yet.
func New(opts Options) *Handler {
	return &Handler{Options: opts, table: &tableLoader{db: opts.DB}, modes: newInputModes(opts.DB)}
}

// WebhooksChanged makes the next call load the routing table anew.
func (h *Handler) WebhooksChanged() { h.table.changed() }

// FunctionsChanged drops what is known of the functions of a subtenant.
func (h *Handler) FunctionsChanged(tenant string) { h.modes.forget(tenant) }

// InputMode is the mode of a webhook's input; for InputAuto, the one that the
// current input schema of its function comes to.
func (h *Handler) InputMode(ctx context.Context, w *model.Webhook) model.InputMode {
	return h.modes.effective(ctx, w)
}
