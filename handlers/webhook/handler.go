package webhook

import (
	"context"
	"log/slog"

	"maestro/internal/auth"
	"maestro/internal/engine"
	"maestro/internal/idempotency"
	"maestro/internal/model"
	"maestro/internal/payload"
	"maestro/internal/refusals"
	"maestro/internal/secrets"
	"maestro/repo"
)

// Prefix is the address of webhooks.
const Prefix = "/api/v1/h/"

// Options are the parts of a Handler; all but OpenPages are required.
type Options struct {
	Context context.Context // of the server
	DB      *repo.DB
	Engine  *engine.Engine
	Auth    auth.Authenticator
	Secrets *secrets.Keeper
	Log     *slog.Logger
	// Refusals records calls that are refused for their signatures.
	Refusals *refusals.Book

	OpenPages bool // pages get no sandbox (page_sandbox.go)
}

// Request is the part of a call that the rest of the edge does. It belongs to the
// goroutine that serves the call.
type Request interface {
	// Found sets the subtenant of the webhook, and the caller; nil without a valid
	// token.
	Found(tenant string, caller *auth.Principal)
	// ReadBody reads the rest of the body.
	ReadBody() error
	// Inflate replaces a compressed body by the plain one.
	Inflate() error
	// Address is the client's.
	Address() string
	// URL is the requested URL.
	URL() string
	// Origin is the request that maestro.request() shows to the function. It must
	// be called before Inflate.
	Origin(authorization bool, signed []payload.Header) engine.Origin
	// Once calls answer, which runs a function and writes the response, unless an
	// earlier request of the occasion has a response: then it replays that one.
	Once(occasion idempotency.Occasion, function string, answer func() error) error
	// Run runs a function, unless an earlier request of the occasion has run it.
	Run(context.Context, engine.RunRequest) (engine.RunResult, error)
	// Stream sends what a run yields as the response.
	Stream(stream *engine.Stream) error
	// LogFields are the fields of a log line about the call.
	LogFields(more ...any) []any
}

// Handler handles the calls of webhooks.
type Handler struct {
	Options
	table *tableLoader
	modes *inputModes
}

// New makes a Handler. It does not query the database yet.
func New(opts Options) *Handler {
	return &Handler{Options: opts, table: &tableLoader{db: opts.DB}, modes: newInputModes(opts.DB)}
}

// WebhooksChanged makes the next call reload the routing table.
func (h *Handler) WebhooksChanged() { h.table.changed() }

// FunctionsChanged drops the cached input modes of a subtenant.
func (h *Handler) FunctionsChanged(tenant string) { h.modes.forget(tenant) }

// InputMode is the mode of a webhook; for InputAuto, the mode that the current
// input schema of its function selects.
func (h *Handler) InputMode(ctx context.Context, w *model.Webhook) model.InputMode {
	return h.modes.effective(ctx, w)
}
