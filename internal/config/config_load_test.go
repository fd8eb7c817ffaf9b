package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/lane/confine"
)

const longSecret = "0123456789abcdef0123456789abcdef"

func load(t *testing.T, environ ...string) *Config {
	t.Helper()
	c, warnings, err := Load(environ, t.TempDir())
	require.NoError(t, err)
	require.Empty(t, warnings)
	return c
}

func TestDefaultsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	require.Equal(t, &Config{
		DataDir: "/srv/maestro", Host: "127.0.0.1", Port: 8000,
		FunctionTimeout: 300 * time.Second, MaxFunctionMemory: 512 << 20, MaxThreads: 256, MaxBodyBytes: 10 << 20,
		MaxFunctionThreads: 64, MaxFunctionDescriptors: 256, MaxValueBytes: 32 << 20, LogMemory: 64 << 20,
		MaxFunctionDisk: 256 << 20, FunctionNetworkDeny: []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10")},
		InterpreterIdle: 15 * time.Minute, LogFormat: LogText,
		AllowPackageInstallation: true, Tracking: TrackingDurable, RetentionDays: 30, MaxSteps: 100_000, SandboxWebhookPages: true,
		TracesService: "maestro", TracesSampler: "parentbased_always_on", TracesShare: 1, DefaultLane: model.LaneAuto,
	}, load(t, "DATA_DIR=/srv/maestro"))
	require.Equal(t, "/var/lib/maestro", defaultDataDir(true, "/root"))
	require.Equal(t, "/home/ada/.local/share/maestro", defaultDataDir(false, "/home/ada"))
	require.Empty(t, defaultDataDir(false, ""))
}

func TestEveryValueIsTaken(t *testing.T) {
	t.Parallel()
	here := t.TempDir()
	c := load(t,
		"DATABASE_URL=postgres://ada:pass@db/maestro", "REDIS_URL=rediss://cache:6379/1", "DATA_DIR="+here,
		"HOST=::1", "PORT=0", "PUBLIC_URL=https://maestro.example.com/", "DEBUG=Yes", "SECRET_KEY="+longSecret,
		"CENSUS_API_URL=http://census:8001/", "CORS_ORIGINS=*, https://App.example.com:443/,http://localhost:3000",
		"CENSUS_JWT_SECRET="+longSecret, "CENSUS_JWT_AUDIENCE=maestro", "FUNCTION_TIMEOUT=0.5", "MAX_THREADS=8", "MAESTRO_INTERPRETER_IDLE=60",
		"MAX_FUNCTION_MEMORY=100", "MAX_INTERPRETER_MEMORY=1000", "MAX_FUNCTION_THREADS=32", "MAX_FUNCTION_DESCRIPTORS=64",
		"MAX_VALUE_BYTES=2097152", "MAESTRO_LOG_MEMORY=32",
		"MAX_FUNCTION_DISK=5", "FUNCTION_NETWORK_DENY=10.0.0.0/8", "DEFAULT_LANE=process", "MAX_CHILDREN=3", "PROCESS_LANE_REQUIRE=landlock, uid",
		"MAX_BODY_BYTES=2048", "ALLOW_PACKAGE_INSTALLATION=off", "WEBHOOKS_REQUIRE_AUTH=1", "SANDBOX_WEBHOOK_PAGES=false",
		"PIP_INDEX_URL=https://u:p@pip.example.com", "PIP_EXTRA_INDEX_URL=https://more.example.com",
		"TRUSTED_PROXIES=10.1.2.3/8, ::1", "DRAIN_SECONDS=2.5", "LOG_FORMAT=JSON", "LOG_LEVEL=error",
		"MAESTRO_PYTHON_HOME="+here, "MAESTRO_PG_BIN="+here, "METRICS_TOKEN=0123456789", "METRICS_LABEL_SUBTENANTS=acme-, initech", "METRICS_LABEL_FUNCTIONS=*",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318/", "OTEL_EXPORTER_OTLP_HEADERS=api-key=a%20b", "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.25", "PACKAGE_ALLOW_LIST=", "MAESTRO_TRACKING=durable",
	)
	require.Equal(t, &Config{
		DatabaseURL: "postgres://ada:pass@db/maestro", RedisURL: "rediss://cache:6379/1", DataDir: here,
		Host: "::1", Port: 0, PublicURL: "https://maestro.example.com", Debug: true, SecretKey: longSecret,
		CensusAPIURL: "http://census:8001", CORSOrigins: []string{"*", "https://app.example.com", "http://localhost:3000"},
		CensusJWTSecret: longSecret, CensusJWTAudience: "maestro", FunctionTimeout: 500 * time.Millisecond,
		MaxFunctionMemory: 100 << 20, MaxInterpreterMemory: 1000 << 20, MaxFunctionThreads: 32, MaxFunctionDescriptors: 64,
		MaxValueBytes: 2 << 20, LogMemory: 32 << 20, MaxThreads: 8, MaxBodyBytes: 2048, WebhooksRequireAuth: true,
		DefaultLane: model.LaneProcess, MaxChildren: 3, ProcessLaneRequire: []confine.Measure{confine.Landlock, confine.UID},
		InterpreterIdle: time.Minute, MaxFunctionDisk: 5 << 20, FunctionNetworkDeny: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Drain:          2500 * time.Millisecond, LogFormat: LogJSON, LogLevel: slog.LevelError,
		PipIndexURL: "https://u:p@pip.example.com", PipExtraIndexURL: "https://more.example.com",
		Tracking: TrackingDurable, RetentionDays: 30, MaxSteps: 100_000, PythonHome: here, PGBin: here,
		MetricsToken: "0123456789", MetricsSubtenants: []string{"acme-", "initech"}, MetricsFunctions: []string{"*"},
		TracesBase: "http://collector:4318", TracesHeaders: "api-key=a%20b", TracesService: "maestro", TracesSampler: "traceidratio", TracesShare: 0.25,
	}, c)
	require.Equal(t, "[::1]:0", c.Address())
	require.Equal(t, AuthLocalJWT, c.AuthMode())
}

func TestHostFollowsTheModeOfAuthentication(t *testing.T) {
	t.Parallel()
	require.Equal(t, "127.0.0.1", load(t).Host)
	require.Equal(t, "0.0.0.0", load(t, "CENSUS_JWT_SECRET="+longSecret).Host)
	require.Equal(t, "127.0.0.1", load(t, "CENSUS_JWT_SECRET="+longSecret, "HOST=127.0.0.1").Host)
	require.Equal(t, "0.0.0.0", load(t, "HOST=0.0.0.0").Host)
	require.Equal(t, AuthCensus, (&Config{CensusAPIURL: "https://census"}).AuthMode())
}

func TestDefaultsThatFollowFromOthers(t *testing.T) {
	t.Parallel()
	require.Zero(t, load(t).Drain, "development mode is on this machine")
	require.Equal(t, 5*time.Second, load(t, "CENSUS_JWT_SECRET="+longSecret).Drain)
	require.Zero(t, load(t, "CENSUS_JWT_SECRET="+longSecret, "DRAIN_SECONDS=0").Drain)
	require.Equal(t, time.Second, load(t, "DRAIN_SECONDS=1").Drain)
	require.Equal(t, slog.LevelDebug, load(t, "DEBUG=true").LogLevel)
	require.Equal(t, slog.LevelWarn, load(t, "DEBUG=true", "LOG_LEVEL=warn").LogLevel)
}

// The line says what to do, with the uid of the server.
func TestADataFolderOfAnotherUser(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, checkOwner(folder, os.Getuid()))
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, files)
	require.EqualError(t, ownerFault(folder, folder, 10001), fmt.Sprintf(
		"belongs to uid %d and the server runs as uid 10001, which may not write there: run `chown -R 10001 %s` as root", os.Getuid(), folder))
}

// The folder itself was given to the new account, and its content was not.
func TestADataFolderWithContentOfAnotherUser(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "maestro-owner-") // below no folder that is root's alone
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.Chmod(folder, 0o755))
	for _, name := range []string{"lost+found", "python", "postgres"} {
		require.NoError(t, os.Mkdir(filepath.Join(folder, name), 0))
	}
	check := func() error {
		checked := make(chan error, 1)
		go func() {
			runtime.LockOSThread() // and never unlock: it ends with the goroutine
			if os.Getuid() == 0 {
				// Root may enter everything; the real user alone counts in access(2).
				if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, 10001, ^uintptr(0), ^uintptr(0)); errno != 0 {
					checked <- errno
					return
				}
			}
			checked <- checkOwner(folder, 10001)
		}()
		return <-checked
	}
	require.EqualError(t, check(), fmt.Sprintf(
		"postgres in it belongs to uid %d and the server runs as uid 10001, which may not write there: run `chown -R 10001 %s` as root", os.Getuid(), folder))
	require.NoError(t, os.Chmod(filepath.Join(folder, "postgres"), 0o777))
	require.NoError(t, check())
	require.NoError(t, os.WriteFile(filepath.Join(folder, "secret_key"), nil, 0))
	require.ErrorContains(t, check(), "secret_key in it belongs to uid")
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, _, err := Load([]string{
		"PORT=eighty", "DEBUG=maybe", "DATABASE_URL=postgresql+asyncpg://ada:hunter2@db/x", "REDIS_URL=localhost:6379",
		"HOST=localhost:8000", "PUBLIC_URL=maestro.example.com", "CENSUS_JWT_SECRET=hunter2", "CENSUS_API_URL=census:8001",
		"FUNCTION_TIMEOUT=NaN", "MAX_FUNCTION_MEMORY=8", "MAX_THREADS=1", "MAX_BODY_BYTES=10MB", "MAESTRO_TRACKING=relaxed",
		"MAESTRO_RETENTION_DAYS=-1", "CORS_ORIGINS=app.example.com", "METRICS_TOKEN=hunter2", "METRICS_LABEL_FUNCTIONS=a,b*", "MAESTRO_PG_BIN=/nowhere", "SECRET_KEY=hunter2",
		"TRUSTED_PROXIES=10.0.0.0/8,proxy", "DRAIN_SECONDS=-1", "LOG_FORMAT=xml", "LOG_LEVEL=loud",
	}, t.TempDir())
	var faults Faults
	require.ErrorAs(t, err, &faults)
	require.Equal(t, []string{
		"DATABASE_URL must have the form postgres://user:password@host:5432/name" + encodePassword,
		"REDIS_URL must have the form redis://:password@host:6379/0, rediss://… or unix:///path" + encodePassword,
		`HOST must be an address without a port, such as 127.0.0.1 or ::1, not "localhost:8000"`,
		`PORT must be a whole number from 0 to 65535, not "eighty"`,
		"PUBLIC_URL must be an address such as https://host.example.com, with no user, query or fragment",
		`TRUSTED_PROXIES must be networks such as 10.0.0.0/8 or addresses, separated by commas, and "proxy" is neither`,
		`DRAIN_SECONDS must be a number of seconds from 0 to 600, not "-1"`,
		`LOG_FORMAT must be text or json, not "xml"`,
		`LOG_LEVEL must be debug, info, warn or error, not "loud"`,
		`DEBUG must be true or false, not "maybe"`,
		"SECRET_KEY must have 16 characters or more and has 7: `openssl rand -hex 32` makes a good one",
		"CENSUS_API_URL must be an address such as https://host.example.com, with no user, query or fragment",
		"CENSUS_JWT_SECRET must have 32 characters or more and has 7: `openssl rand -hex 32` makes a good one",
		`FUNCTION_TIMEOUT must be a number of seconds from 0.001 to 604800, not "NaN"`,
		`MAX_FUNCTION_MEMORY must be a whole number from 16 to 1048576, not "8"`,
		`MAX_THREADS must be a whole number from 4 to 10000, not "1"`,
		`MAX_BODY_BYTES must be a whole number from 1024 to 1073741824, not "10MB"`,
		"MAESTRO_TRACKING must stay at durable for now: relaxed tracking is not built yet",
		`MAESTRO_RETENTION_DAYS must be a whole number from 0 to 36500, not "-1"`,
		"CORS_ORIGINS must be *, or origins such as https://app.example.com separated by commas, with no user, path or query",
		"METRICS_TOKEN must have 8 characters or more and has 7: `openssl rand -hex 32` makes a good one",
		`METRICS_LABEL_FUNCTIONS must be * or beginnings of names separated by commas, such as acme-, and "b*" is no name's beginning`,
		"MAESTRO_PG_BIN must be a folder that exists, and /nowhere does not",
	}, []string(faults))
	require.NotContains(t, err.Error(), "hunter2")
}

func TestSettingsThatNeedEachOther(t *testing.T) {
	t.Parallel()
	_, _, err := Load([]string{"DATABASE_URL=postgres://db/maestro", "CENSUS_JWT_AUDIENCE=maestro"}, t.TempDir())
	require.ErrorContains(t, err, "SECRET_KEY must be set when DATABASE_URL is")
	require.ErrorContains(t, err, "CENSUS_JWT_AUDIENCE does nothing without CENSUS_JWT_SECRET")
}

func TestDotEnvFillsWhatTheEnvironmentLeavesOpen(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, ".env")
	require.NoError(t, os.WriteFile(file, []byte("# ours\nPORT=9000\nHOST=\"127.0.0.2\"\nDEBUG=\n"), 0o600))
	c, warnings, err := Load([]string{"HOST=127.0.0.3"}, folder)
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, "127.0.0.3:9000", c.Address())

	require.NoError(t, os.WriteFile(file, []byte("SECRET_KEY='hunter2\n!!\n"), 0o600))
	_, _, err = Load(nil, folder)
	require.ErrorContains(t, err, ".env cannot be understood")
	require.NotContains(t, err.Error(), "hunter2")

	require.NoError(t, os.Remove(file))
	require.NoError(t, os.Mkdir(file, 0o700))
	_, _, err = Load(nil, folder)
	require.ErrorContains(t, err, ".env cannot be read")
}

func TestUnknownNamesOfOursAreWarnedOf(t *testing.T) {
	t.Parallel()
	_, warnings, err := Load([]string{"MAESTRO_TRACING=durable", "MAESTRO_TOKEN=x", "MAESTRO_TEST_LONG=1", "PATH=/bin"}, t.TempDir())
	require.NoError(t, err)
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0], "MAESTRO_TRACING is no setting of Maestro")
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	c := Config{SecretKey: "hunter2", DatabaseURL: "postgres://ada:hunter2@db/x"}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "key", c.SecretKey, "config", c)
	shown, err := json.Marshal(c)
	require.NoError(t, err)
	for _, text := range []string{out.String(), string(shown), fmt.Sprint(c), fmt.Sprintf("%+v %#v %s", c, c, c.SecretKey)} {
		require.NotContains(t, text, "hunter2")
		require.Contains(t, text, "***")
	}
	require.Equal(t, "hunter2", string(c.SecretKey))
}

func TestPrepareKeepsOneKeyHoweverManyAsk(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "made", "by", "us")
	keys := make([]Secret, 16)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			c := Config{DataDir: folder}
			if err := c.Prepare(); err == nil {
				keys[i] = c.SecretKey
			}
		})
	}
	all.Wait()
	require.Len(t, string(keys[0]), 64)
	for _, key := range keys {
		require.Equal(t, string(keys[0]), string(key))
	}
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing half written stays behind")
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
}

func TestPrepareNamesTheFault(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	c := Config{DataDir: folder}
	path := filepath.Join(folder, secretKeyFile)
	require.NoError(t, os.WriteFile(path, []byte(longSecret), 0o644))
	require.ErrorContains(t, c.Prepare(), "can be read by others")
	require.NoError(t, os.Chmod(path, 0o600))
	require.NoError(t, c.Prepare())
	require.Equal(t, longSecret, string(c.SecretKey))

	require.NoError(t, os.WriteFile(path, []byte("\n"), 0o600))
	c.SecretKey = ""
	require.ErrorContains(t, c.Prepare(), "holds no secret")
	c.SecretKey = "set by its owner"
	require.NoError(t, c.Prepare())

	c.DataDir = path
	require.ErrorContains(t, c.Prepare(), "DATA_DIR "+path+" cannot be used")
}

func TestAdminTokenIsMadeOnce(t *testing.T) {
	t.Parallel()
	c := Config{DataDir: t.TempDir()}
	_, err := c.FindAdminToken()
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, _, err = c.AdminToken(func() (string, error) { return "", errors.New("no key") })
	require.ErrorContains(t, err, "no key")

	generate := func() (string, error) { return strings.Repeat("a", 40), nil }
	for _, wantMade := range []bool{true, false} {
		token, made, err := c.AdminToken(generate)
		require.NoError(t, err)
		require.Equal(t, wantMade, made)
		found, err := c.FindAdminToken()
		require.NoError(t, err)
		require.Equal(t, string(token), string(found))
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("PORT", "8000")
	f.Add("DATABASE_URL", "postgres://a:b@c/d")
	f.Add("FUNCTION_TIMEOUT", "1e-400")
	f.Add("PUBLIC_URL", "https://[::1")
	f.Add("DATABASE_URL=", "0") // the name ends at the first =
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, name, value string) {
		c, _, err := Load([]string{name + "=" + value}, folder)
		if err != nil {
			name, _, _ = strings.Cut(name, "=")
			require.True(t, strings.Contains(err.Error(), strings.TrimSpace(name)), "%q names its setting", err)
			return
		}
		require.Positive(t, c.FunctionTimeout)
		require.GreaterOrEqual(t, c.MaxThreads, 4)
	})
}

// Passwords with characters that have a meaning in addresses: those that are encoded are
// taken, and of the others nothing is told.
func TestPasswordsInAddresses(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"postgres://ada:p%40ss%3Aw%2For%23d%3F%2525%26@db/x", "postgres://ada:hunter2@db/x?sslmode=require", "postgres:///x?host=/run&user=ada@server", "postgres://ada:p@ss@db/x",
	} {
		_, _, err := Load([]string{"DATABASE_URL=" + good, "SECRET_KEY=" + strings.Repeat("k", 40)}, t.TempDir())
		require.NoError(t, err, good)
	}
	for _, bad := range []string{"hunter#2", "12#hunter", "hunter?2", "12?hunter", "hunter/2", "100%hunter"} {
		for name, address := range map[string]string{"DATABASE_URL": "postgres://ada:" + bad + "@db/x", "REDIS_URL": "redis://:" + bad + "@cache:6379/0"} {
			_, _, err := Load([]string{name + "=" + address, "SECRET_KEY=" + strings.Repeat("k", 40)}, t.TempDir())
			require.ErrorContains(t, err, name+" must have the form ", bad)
			require.ErrorContains(t, err, "%23 for #")
			require.NotContains(t, err.Error(), "hunter")
		}
	}
}
