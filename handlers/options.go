package handlers

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"maestro/internal/alerts"
	"maestro/internal/auth"
	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/idempotency"
	"maestro/internal/intake"
	"maestro/internal/model"
	"maestro/internal/refusals"
	"maestro/internal/secrets"
	"maestro/internal/session"
	"maestro/internal/watch"
	"maestro/repo"
)

// Options are the parts and settings of the HTTP edge. DB, Engine, Events, Auth,
// Secrets, Refusals, Sessions, Keys, Packages, Interpreters, Scheduler, Alerts, Watch and Log are required, the rest has defaults.
type Options struct {
	DB     *repo.DB
	Engine *engine.Engine
	Events *events.Bus
	Auth   auth.Authenticator
	// Secrets provides the secrets that sign webhooks and that error responses mask.
	Secrets *secrets.Keeper
	// Refusals records the calls of webhooks that are refused for their signatures.
	Refusals *refusals.Book
	// Keys runs requests with the same idempotency key once.
	Keys *idempotency.Gate
	// Packages installs what functions import.
	Packages Packages
	// Interpreters are those of this server.
	Interpreters Interpreters
	// InstallWait is how long POST /packages waits for an install before it
	// responds with its address; default 30 s.
	InstallWait time.Duration
	// RequestTime limits the time of a request, except for running a function and
	// installing packages; default 30 s.
	RequestTime time.Duration
	// Scheduler starts schedules.
	Scheduler Scheduler
	// Alerts sends messages about failures.
	Alerts Alerts
	// Watch tells which executions begin and end.
	Watch  *watch.Hub
	Census *auth.CensusClient // manages access to subtenants; nil: tokens alone decide
	Log    *slog.Logger
	// AccessLog gets a line per request; nil: none. Several goroutines write to it
	// at the same time.
	AccessLog     io.Writer
	AccessLogJSON bool // its lines are JSON objects instead of text

	// TrustedProxies are the networks whose X-Forwarded headers say where a request
	// came from.
	TrustedProxies []netip.Prefix

	// Sessions keeps tokens in cookies of browsers.
	Sessions *session.Keeper
	// SignIn is the token of a caller without one, by the ends of its connection, which
	// is of this machine; nil: this server signs in no such caller.
	SignIn func(remote, local netip.AddrPort) (string, error)

	// FromFunction reports whether a connection is a stored function's. nil: none is.
	FromFunction func(remote, local netip.AddrPort) bool

	// Context is the parent of the contexts of requests. It ends with the server,
	// not when a client disconnects. Default: context.Background().
	Context context.Context

	Debug               bool           // Python tracebacks in error answers to authorised callers
	PublicURL           string         // how clients reach the server, without a trailing slash; default: from the request
	MaxBodyBytes        int            // of a request's body, inflated; default 10 MiB
	HeadTime            time.Duration  // for a request's line and headers, from their first byte on; default 10 s
	BodyPace            intake.Pace    // the least speed of a body; default 10 KiB in 10 s
	FunctionTimeout     time.Duration  // the longest timeout of a function; default 300 s
	RetentionDays       int            // days that executions are kept in subtenants without their own setting; 0: for ever
	DefaultLane         model.LaneName // of subtenants whose own setting is auto
	WebhooksRequireAuth bool           // the default of a new webhook's requires_auth
	OpenPages           bool           // pages that webhooks answer with get the origin of the server, not one of their own
	CORSOrigins         []string       // from which browsers may call, "*" for all; nil: none
	Heartbeat           time.Duration  // the longest silence of an event stream; default 15 s
	Version             string         // of the server, shown in the OpenAPI document

	Probes []Probe // the checks of /health
	// Metrics serves /metrics; nil: there is no such address. MetricsToken is the
	// token that it requires; empty: none.
	Metrics      http.Handler
	MetricsToken string
	// Count returns what counts the requests of a route by status and duration; nil:
	// they are not counted.
	Count     func(method, template string) func(status int, took time.Duration)
	Documents fs.FS       // of the examples, served without a token; may be nil
	Draining  func() bool // true once the server accepts no new work; may be nil
	// Ready is the error with which a new call would be refused now, nil when it
	// would be accepted. It must read memory only. Default: always nil.
	Ready func() error
}

// Alerts sends messages about failures.
type Alerts interface {
	// Test sends a sample to where messages about a function go, or to the subtenant's
	// default if none is named.
	Test(ctx context.Context, tenant, function string) (repo.Delivery, error)
	// Check lists the faults of a setting's target.
	Check(*alerts.Setting) []model.Problem
}

// Probe is one check of /health. Check has two seconds; the text of its error
// is logged and never shown.
type Probe struct {
	Name  string
	Vital bool // the server can't work without the part: 503 instead of degraded, unless the error is ErrImpaired
	Check func(context.Context) error
	// Version is the part's version; nil for none.
	Version func() string
	// Counts are figures shown beside the state; nil for none.
	Counts func() map[string]int
	// Details are texts shown beside the state; nil for none.
	Details func() map[string]string
	// Remedy is shown too: how an operator changes the state; "" for nothing to do. May be nil.
	Remedy func() string
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
