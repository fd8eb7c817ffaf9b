// Package config holds the settings of the server: one struct, filled from
// the environment and a .env file, each setting described once, in the table
// of settings_table.go.
//
// It must not act on a setting: nothing is connected to or listened on here.
// The one thing it writes is the secret key in the data folder (Prepare).
package config

import (
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"

	"maestro/internal/model"
	"maestro/lane/confine"
)

// Config is the settings of one server. docs/operations.md and .env.example
// list them for its operator; a test holds the three together.
type Config struct {
	DatabaseURL Secret // of an external PostgreSQL; empty: the embedded one
	LogMemory   int64  // bytes that the embedded Redis may hold
	RedisURL    Secret // of an external Redis; empty: the embedded one
	DataDir     string // absolute; everything that the server writes is below it

	Host      string // the address to listen on
	Port      int    // 0: a free one
	PublicURL string // how callers reach the server, without a slash at its end; empty: from each request

	TrustedProxies []netip.Prefix // whose X-Forwarded headers count
	Drain          time.Duration  // SIGTERM leaves the server serving for so long, so that balancers notice

	Debug     bool
	LogFormat LogFormat
	LogLevel  slog.Level
	SecretKey Secret // filled by Prepare when it was not set

	CensusAPIURL      string
	CensusJWTSecret   Secret
	CensusJWTAudience string

	FunctionTimeout   time.Duration
	MaxFunctionMemory int64 // bytes that a subtenant's interpreter may hold

	MaxInterpreterMemory   int64 // bytes that all of them may hold; 0: half of the machine's
	MaxFunctionThreads     int   // that a subtenant's code may have running
	MaxFunctionDescriptors int   // that it may have open
	MaxValueBytes          int64 // of a value as JSON that it returns or passes on
	MaxFunctionDisk        int64 // bytes that the files of a subtenant may take

	DefaultLane model.LaneName // of subtenants whose own setting is auto
	MaxChildren int            // that run the calls of one subtenant in the process lane; 0: one for each processor, and at least 2
	// ProcessLaneRequire are the measures of confinement without which the server does not
	// start.
	ProcessLaneRequire []confine.Measure

	MaxThreads      int // OS threads that run Python
	MaxBodyBytes    int64
	InterpreterIdle time.Duration // a subtenant's interpreter without a call for so long is ended

	FunctionNetworkDeny []netip.Prefix // that functions may not connect to

	AllowPackageInstallation bool
	AllowSourceBuilds        bool
	PackageAllowList         []string // nil: any
	PipIndexURL              Secret   // may carry credentials
	PipExtraIndexURL         Secret
	PipVariables             []string // other PIP_… variables of the environment, which may carry credentials; for pip alone

	Tracking      Tracking
	RetentionDays int // 0: for ever
	MaxSteps      int // of one execution

	WebhooksRequireAuth bool
	// SandboxWebhookPages keeps pages that webhooks answer with from the origin of the
	// console.
	SandboxWebhookPages bool
	KeepBackgroundWork  bool // what calls leave behind lives on: threads that compute, and processes
	CORSOrigins         []string
	MetricsToken        Secret
	MetricsSubtenants   []string // beginnings of names that become labels of metrics; "*": all; nil: none
	MetricsFunctions    []string

	TracesBase       string // the address of the collector
	TracesEndpoint   string // its whole address for traces; both empty: there are no traces
	TracesHeaders    Secret // as written: name=value,…
	TracesGzip       bool   // requests to the collector are compressed
	TracesService    string
	TracesAttributes Secret // as written
	TracesSampler    string
	TracesShare      float64

	PythonHome string // of another CPython 3.14; empty: the embedded kit
	PGBin      string // the folder of PostgreSQL's programs; empty: looked for
}

// TracesAddress is where traces are sent, empty for nowhere.
func (c *Config) TracesAddress() string {
	if c.TracesEndpoint == "" && c.TracesBase != "" {
		return c.TracesBase + "/v1/traces"
	}
	return c.TracesEndpoint
}

// AuthMode says how callers are known.
type AuthMode string

// The modes, in the order in which they are chosen.
const (
	AuthLocalJWT    AuthMode = "local JWT"   // CENSUS_JWT_SECRET is set
	AuthCensus      AuthMode = "Census"      // only CENSUS_API_URL is set
	AuthDevelopment AuthMode = "development" // neither is set
)

// AuthMode follows from which Census settings there are.
func (c *Config) AuthMode() AuthMode {
	switch {
	case c.CensusJWTSecret != "":
		return AuthLocalJWT
	case c.CensusAPIURL != "":
		return AuthCensus
	default:
		return AuthDevelopment
	}
}

// Address is what to listen on, as net.Listen takes it.
func (c *Config) Address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// LogFormat is the form of a log's lines.
type LogFormat string

// The formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Tracking says when a run's answer may leave.
type Tracking string

// The ways of tracking.
const (
	TrackingDurable Tracking = "durable" // after the record's commit
	TrackingRelaxed Tracking = "relaxed" // before it is on disk
)

// Secret is text that must not be shown: printed or logged it is three stars.
// string(s) is its value.
type Secret string

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString is for %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// LogValue is for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is for every encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
