package handlers

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"maestro/internal/auth"
	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/idempotency"
	"maestro/internal/intake"
	"maestro/internal/secrets"
	"maestro/repo"
)

// Options is what the HTTP edge is built from. DB, Engine, Events, Auth,
// Secrets, Keys, Packages, Scheduler and Log are needed, the rest has defaults.
type Options struct {
	DB     *repo.DB
	Engine *engine.Engine
	Events *events.Bus
	Auth   auth.Authenticator
	// Secrets keeps what webhooks are signed with and what error answers mask.
	Secrets *secrets.Keeper
	// Keys lets a request with an idempotency key run once.
	Keys *idempotency.Gate
	// Packages installs what functions import.
	Packages Packages
	// InstallWait is how long POST /packages waits for an install before it
	// answers with its address; default 30 s.
	InstallWait time.Duration
	// RequestTime bounds what a request may do, running a function and installing
	// packages aside; default 30 s.
	RequestTime time.Duration
	// Scheduler starts schedules.
	Scheduler Scheduler
	Census    *auth.CensusClient // keeps who has access to which subtenant; nil: nobody does
	Log       *slog.Logger
	// AccessLog gets a line per request; nil: none. It may be written to by
	// several goroutines at once.
	AccessLog     io.Writer
	AccessLogJSON bool // its lines are JSON objects, and else text

	// TrustedProxies are the networks whose X-Forwarded headers say where a request
	// came from.
	TrustedProxies []netip.Prefix

	// Context is the parent of what requests do; it ends when the server does,
	// not when a client goes away. Default: context.Background().
	Context context.Context

	Debug               bool          // Python tracebacks in error answers to authorised callers
	PublicURL           string        // how clients reach the server, without a trailing slash; default: from the request
	MaxBodyBytes        int           // of a request's body, inflated; default 10 MiB
	HeadTime            time.Duration // for a request's line and headers, from their first byte on; default 10 s
	BodyPace            intake.Pace   // the least speed of a body; default 10 KiB in 10 s
	FunctionTimeout     time.Duration // the most that a function may ask for; default 300 s
	RetentionDays       int           // that executions are kept for subtenants without a number of their own; 0: for ever
	WebhooksRequireAuth bool          // the default of a new webhook's requires_auth
	CORSOrigins         []string      // that browsers may call from, "*" for any; nil: none
	Heartbeat           time.Duration // how often a quiet stream of events says that it is there; default 15 s
	Version             string        // of the server, shown in the OpenAPI document

	Probes    []Probe     // what /health looks at
	Documents fs.FS       // the examples' documents, served to everyone; may be nil
	Draining  func() bool // true once the server no longer wants new work; may be nil
	// Ready is the error by which a new call would be refused now, nil when it
	// would be taken; it asks only what is in memory. Default: always nil.
	Ready func() error
}

// Probe is one check of /health. Check is given two seconds; the text of its
// error is logged and not shown.
type Probe struct {
	Name  string
	Vital bool // the server can't work without it: 503 instead of degraded, unless the error is ErrImpaired
	Check func(context.Context) error
	// Counts are figures that an operator wants beside the state; nil for none.
	Counts func() map[string]int
}

const (
	defaultMaxBody         = 10 << 20
	defaultFunctionTimeout = 300 * time.Second
	defaultHeartbeat       = 15 * time.Second
	defaultInstallWait     = 30 * time.Second
	defaultHeadTime        = 10 * time.Second
)

func (o *Options) setDefaults() {
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.MaxBodyBytes <= 0 {
		o.MaxBodyBytes = defaultMaxBody
	}
	if o.FunctionTimeout <= 0 {
		o.FunctionTimeout = defaultFunctionTimeout
	}
	if o.InstallWait <= 0 {
		o.InstallWait = defaultInstallWait
	}
	if o.RequestTime <= 0 {
		o.RequestTime = restTimeout
	}
	if o.HeadTime <= 0 {
		o.HeadTime = defaultHeadTime
	}
	if o.BodyPace.Period <= 0 {
		o.BodyPace = intake.Pace{Bytes: 10 << 10, Period: 10 * time.Second}
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.Draining == nil {
		o.Draining = func() bool { return false }
	}
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	if o.Version == "" {
		o.Version = "dev"
	}
}
