package config

import (
	"os"

	"maestro/lane/confine"
)

// Setting describes one setting, for the documents and the test that compares
// them.
type Setting struct {
	Name    string
	Default string // as one would write it; empty: none
	Meaning string // one line
	// Later is set for a setting whose feature is not there yet: any value but
	// the default stops the start with this reason, since a setting that is
	// accepted must have its effect.
	Later string

	set func(c *Config, value string) error
}

// Settings returns every setting of the server, in the order of the documents.
func Settings() []Setting {
	return []Setting{
		{Name: "DATABASE_URL", Meaning: "PostgreSQL, `postgres://user:password@host:5432/name`; unset: an embedded one in the data folder",
			set: func(c *Config, v string) error { return setPostgresURL(&c.DatabaseURL, v) }},
		{Name: "REDIS_URL", Meaning: "Redis, `redis://host:6379/0`; unset: an embedded one, whose logs last until the server ends",
			set: func(c *Config, v string) error { return setRedisURL(&c.RedisURL, v) }},
		{Name: "MAESTRO_LOG_MEMORY", Default: "64", Meaning: "MB that the embedded Redis may hold of live logs; beyond it the oldest logs are dropped",
			set: func(c *Config, v string) error { return setScaled(&c.LogMemory, v, 4, 1<<20, 1<<20) }},
		{Name: "DATA_DIR", Default: defaultDataDir(os.Getuid() == 0, os.Getenv("HOME")), Meaning: "the folder for everything that the server writes",
			set: func(c *Config, v string) error { return setFolder(&c.DataDir, v) }},
		{Name: "HOST", Default: "127.0.0.1", Meaning: "the address to listen on; `0.0.0.0` when Census settings are there",
			set: func(c *Config, v string) error { return setHost(&c.Host, v) }},
		{Name: "PORT", Default: "8000", Meaning: "the port to listen on; 0: a free one",
			set: func(c *Config, v string) error { return setInt(&c.Port, v, 0, 65535) }},
		{Name: "PUBLIC_URL", Meaning: "how callers reach the server, `https://maestro.example.com`; unset: taken from each request",
			set: func(c *Config, v string) error { return setHTTPURL(&c.PublicURL, v) }},
		{Name: "TRUSTED_PROXIES", Meaning: "networks, `10.0.0.0/8, fd00::/8`, whose X-Forwarded-For, -Proto and -Host say where a request came from; unset: none",
			set: func(c *Config, v string) error { return setNetworks(&c.TrustedProxies, v) }},
		{Name: "DRAIN_SECONDS", Default: "5", Meaning: "how long the server goes on serving after SIGTERM, with /readyz at 503; 0 in development mode",
			set: func(c *Config, v string) error { return setDrain(&c.Drain, v) }},
		{Name: "LOG_FORMAT", Default: "text", Meaning: "`text` or `json`",
			set: func(c *Config, v string) error { return setLogFormat(&c.LogFormat, v) }},
		{Name: "LOG_LEVEL", Default: "info", Meaning: "`debug`, `info`, `warn` or `error`; requests are logged at `info`; unset: `debug` with DEBUG",
			set: func(c *Config, v string) error { return setLogLevel(&c.LogLevel, v) }},
		{Name: "DEBUG", Default: "false", Meaning: "debug log level, and Python tracebacks in error answers to authorised callers",
			set: func(c *Config, v string) error { return setBool(&c.Debug, v) }},
		{Name: "SECRET_KEY", Meaning: "signs development tokens and encrypts stored secrets, 16 characters or more; unset: generated into the data folder; needed with DATABASE_URL",
			set: func(c *Config, v string) error { return setKey(&c.SecretKey, v, 16) }},
		{Name: "CENSUS_API_URL", Meaning: "the Census service: alone it authenticates callers, with CENSUS_JWT_SECRET it completes the claims that a token leaves out",
			set: func(c *Config, v string) error { return setHTTPURL(&c.CensusAPIURL, v) }},
		{Name: "CENSUS_JWT_SECRET", Meaning: "checks callers' tokens (HS256) without asking Census, 32 bytes or more",
			set: func(c *Config, v string) error { return setKey(&c.CensusJWTSecret, v, 32) }},
		{Name: "CENSUS_JWT_AUDIENCE", Meaning: "the `aud` that a token must name; unset: not checked",
			set: func(c *Config, v string) error { c.CensusJWTAudience = v; return nil }},
		{Name: "FUNCTION_TIMEOUT", Default: "300", Meaning: "seconds that a run may take",
			set: func(c *Config, v string) error { return setSeconds(&c.FunctionTimeout, v) }},
		{Name: "MAX_FUNCTION_MEMORY", Default: "512", Meaning: "MB that a subtenant's interpreter may hold; more is a MemoryError",
			set: func(c *Config, v string) error { return setScaled(&c.MaxFunctionMemory, v, 16, 1<<20, 1<<20) }},
		{Name: "MAX_INTERPRETER_MEMORY", Meaning: "MB that the interpreters of all subtenants may hold together: near it those without calls are ended, the longest idle first; unset: half of the machine's or container's memory",
			set: func(c *Config, v string) error { return setScaled(&c.MaxInterpreterMemory, v, 64, 1<<24, 1<<20) }},
		{Name: "MAX_FUNCTION_THREADS", Default: "64", Meaning: "threads that a subtenant's code may have running, and processes as well; one more is a RuntimeError, or an OSError",
			set: func(c *Config, v string) error { return setInt(&c.MaxFunctionThreads, v, 4, 10_000) }},
		{Name: "MAX_FUNCTION_DESCRIPTORS", Default: "256", Meaning: "files, sockets and pipes that a subtenant's code may have open; one more is an OSError",
			set: func(c *Config, v string) error { return setInt(&c.MaxFunctionDescriptors, v, 32, 100_000) }},
		{Name: "MAX_VALUE_BYTES", Default: "33554432", Meaning: "the largest value, as JSON, that a function may return or pass to a sibling; a larger one is a ValueError",
			set: func(c *Config, v string) error { return setScaled(&c.MaxValueBytes, v, 1<<20, 1<<32, 1) }},
		{Name: "MAX_FUNCTION_DISK", Default: "256", Meaning: "MB that the files in a subtenant's folder may take",
			set: func(c *Config, v string) error { return setScaled(&c.MaxFunctionDisk, v, 1, 1<<24, 1<<20) }},
		{Name: "FUNCTION_NETWORK_DENY", Default: "169.254.0.0/16,fe80::/10", Meaning: "networks that functions may not connect to, separated by commas; `none` for no such network",
			set: func(c *Config, v string) error { return setDenied(&c.FunctionNetworkDeny, v) }},
		{Name: "MAX_THREADS", Default: "256", Meaning: "OS threads that run Python, a quarter of them at most for one subtenant",
			set: func(c *Config, v string) error { return setInt(&c.MaxThreads, v, 4, 10_000) }},
		{Name: "DEFAULT_LANE", Default: "auto", Meaning: "where functions run of subtenants whose lane is `auto`: `embedded`, `process`, or `auto` for the process lane once a package needs it",
			set: func(c *Config, v string) error { return setLane(&c.DefaultLane, v) }},
		{Name: "MAX_CHILDREN", Meaning: "child processes that run the calls of one subtenant in the process lane; unset: one for each processor, and at least 2",
			set: func(c *Config, v string) error { return setInt(&c.MaxChildren, v, 1, 1000) }},
		{Name: "PROCESS_LANE_REQUIRE", Meaning: "measures that confine the process lane and without which the server does not start, separated by commas (docs/operations.md lists them); unset: those that this machine permits are enough",
			set: func(c *Config, v string) (err error) {
				c.ProcessLaneRequire, err = confine.ParseMeasures(v)
				return err
			}},
		{Name: "MAESTRO_INTERPRETER_IDLE", Default: "900", Meaning: "seconds after which the interpreter of a subtenant without calls is ended, to come back with the next one",
			set: func(c *Config, v string) error { return setSeconds(&c.InterpreterIdle, v) }},
		{Name: "MAX_BODY_BYTES", Default: "10485760", Meaning: "the largest request body, also after it was decompressed",
			set: func(c *Config, v string) error { return setScaled(&c.MaxBodyBytes, v, 1024, 1<<30, 1) }},
		{Name: "ALLOW_PACKAGE_INSTALLATION", Default: "true", Meaning: "whether packages may be installed",
			set: func(c *Config, v string) error { return setBool(&c.AllowPackageInstallation, v) }},
		{Name: "ALLOW_SOURCE_BUILDS", Default: "false", Meaning: "whether a package may be built from source, which runs its code",
			set: func(c *Config, v string) error { return setBool(&c.AllowSourceBuilds, v) }},
		{Name: "PACKAGE_ALLOW_LIST", Meaning: "names of the packages that may be installed, those that come along too, separated by commas; unset: any",
			set: func(c *Config, v string) error { return setPackageNames(&c.PackageAllowList, v) }},
		{Name: "PIP_INDEX_URL", Meaning: "where packages come from; unset: pip's own",
			set: func(c *Config, v string) error { return setIndexURLs(&c.PipIndexURL, v, 1) }},
		{Name: "PIP_EXTRA_INDEX_URL", Meaning: "where they may come from besides; unset: nowhere",
			set: func(c *Config, v string) error { return setIndexURLs(&c.PipExtraIndexURL, v, 10) }},
		{Name: "MAESTRO_TRACKING", Default: "durable", Meaning: "`durable`: an answer leaves after its record's commit; `relaxed`: before it is on disk",
			Later: "relaxed tracking is not built yet",
			set:   func(c *Config, v string) error { return setTracking(&c.Tracking, v) }},
		{Name: "MAESTRO_RETENTION_DAYS", Default: "30", Meaning: "days that executions are kept for subtenants without a `retention_days` of their own; 0: for ever",
			set: func(c *Config, v string) error { return setInt(&c.RetentionDays, v, 0, 36_500) }},
		{Name: "MAX_STEPS", Default: "100000", Meaning: "sibling calls that one execution may make; one more is a RuntimeError in the function",
			set: func(c *Config, v string) error { return setInt(&c.MaxSteps, v, 1, 10_000_000) }},
		{Name: "KEEP_BACKGROUND_WORK", Default: "false", Meaning: "whether what a call leaves behind lives on: processes, and threads that compute; unset: they are stopped",
			set: func(c *Config, v string) error { return setBool(&c.KeepBackgroundWork, v) }},
		{Name: "WEBHOOKS_REQUIRE_AUTH", Default: "false", Meaning: "the default of a new webhook's `requires_auth`",
			set: func(c *Config, v string) error { return setBool(&c.WebhooksRequireAuth, v) }},
		{Name: "SANDBOX_WEBHOOK_PAGES", Default: "true", Meaning: "whether a page that a webhook answers with is kept from acting as the console of its reader: it has an origin of its own, without cookies and storage; with `false` serve the console under another address",
			set: func(c *Config, v string) error { return setBool(&c.SandboxWebhookPages, v) }},
		{Name: "CORS_ORIGINS", Meaning: "origins that browsers may call from, `https://app.example.com`, separated by commas, or `*` for any; unset: none",
			set: func(c *Config, v string) error { return setOrigins(&c.CORSOrigins, v) }},
		{Name: "METRICS_TOKEN", Meaning: "the bearer token that /metrics requires, 8 characters or more; unset: none",
			set: func(c *Config, v string) error { return setKey(&c.MetricsToken, v, 8) }},
		{Name: "METRICS_LABEL_SUBTENANTS", Meaning: "subtenants that have metrics of their own, by the beginnings of their names, separated by commas, or `*` for all; unset: none",
			set: func(c *Config, v string) error { return setBeginnings(&c.MetricsSubtenants, v) }},
		{Name: "METRICS_LABEL_FUNCTIONS", Meaning: "functions that have metrics of their own, as METRICS_LABEL_SUBTENANTS",
			set: func(c *Config, v string) error { return setBeginnings(&c.MetricsFunctions, v) }},
		{Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Meaning: "the OpenTelemetry collector that gets traces, by OTLP over HTTP: `http://collector:4318`; unset: there are no traces",
			set: func(c *Config, v string) error { return setHTTPURL(&c.TracesBase, v) }},
		{Name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Meaning: "the whole address for traces; unset: `/v1/traces` of OTEL_EXPORTER_OTLP_ENDPOINT",
			set: func(c *Config, v string) error { return setHTTPURL(&c.TracesEndpoint, v) }},
		{Name: "OTEL_EXPORTER_OTLP_HEADERS", Meaning: "headers of each request to the collector, `name=value` separated by commas",
			set: func(c *Config, v string) error { return setPairs(&c.TracesHeaders, v) }},
		{Name: "OTEL_EXPORTER_OTLP_COMPRESSION", Default: "none", Meaning: "how requests to the collector are compressed, `none` or `gzip`: an eighth of the bytes, for twice the processor time of a span",
			set: func(c *Config, v string) error { return setCompression(&c.TracesGzip, v) }},
		{Name: "OTEL_SERVICE_NAME", Default: "maestro", Meaning: "the name of this service in traces",
			set: func(c *Config, v string) error { c.TracesService = v; return nil }},
		{Name: "OTEL_RESOURCE_ATTRIBUTES", Meaning: "attributes of this server in traces, `name=value` separated by commas",
			set: func(c *Config, v string) error { return setPairs(&c.TracesAttributes, v) }},
		{Name: "OTEL_TRACES_SAMPLER", Default: "parentbased_always_on", Meaning: "which runs are traced: `always_on`, `always_off`, `traceidratio`, or one of these after `parentbased_`, which obeys the caller",
			set: func(c *Config, v string) error { return setSampler(&c.TracesSampler, v) }},
		{Name: "OTEL_TRACES_SAMPLER_ARG", Default: "1", Meaning: "the share of runs that traceidratio traces, from 0 to 1",
			set: func(c *Config, v string) error { return setShare(&c.TracesShare, v) }},
		{Name: "MAESTRO_PYTHON_HOME", Meaning: "the folder of another CPython 3.14; unset: the embedded kit",
			set: func(c *Config, v string) error { return setExistingFolder(&c.PythonHome, v) }},
		{Name: "MAESTRO_PG_BIN", Meaning: "the folder of PostgreSQL's programs; unset: looked for in PATH and /usr/lib/postgresql",
			set: func(c *Config, v string) error { return setExistingFolder(&c.PGBin, v) }},
	}
}

// clientNames are read by the command line's clients, which run in the same
// environments: not settings of the server, but no mistakes either.
var clientNames = map[string]bool{"MAESTRO_URL": true, "MAESTRO_TOKEN": true, "MAESTRO_PROFILE": true}
