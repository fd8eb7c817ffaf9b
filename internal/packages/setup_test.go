package packages_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython/kit"
	"maestro/embed"
	"maestro/internal/events"
	"maestro/internal/model"
	"maestro/internal/packages"
	"maestro/internal/packages/environment"
	"maestro/internal/packages/pip"
	"maestro/internal/packages/probe"
	"maestro/internal/packages/requirement"
	"maestro/internal/testkit"
	"maestro/internal/testkit/index"
	"maestro/repo"
)

// TestMain makes the test binary its own child for probes.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "probe-packages" {
		var request probe.Request
		if json.NewDecoder(os.Stdin).Decode(&request) != nil {
			os.Exit(1)
		}
		if embed.Probe(request.Home, request.Packages, request.Modules, os.NewFile(probe.ReportFile, "report")) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// bench is a server's worth of packages over a real database, pip and index.
type bench struct {
	t       *testing.T
	db      *repo.DB
	dir     string
	home    string
	index   *index.Index
	folders *environment.Folders
	*packages.Manager

	mu      sync.Mutex
	changed []string // guarded by mu; the subtenants that were told of
	lines   []string // guarded by mu; of all installs
}

func (b *bench) Publish(e events.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Name == events.Log {
		b.lines = append(b.lines, e.Text)
	}
}

// setup starts one with the subtenants acme and zenith.
func setup(t *testing.T, change func(*packages.Options, *pip.Options), wheels ...index.Wheel) *bench {
	t.Helper()
	b := &bench{t: t, db: testkit.DB(t), dir: t.TempDir(), home: testkit.KitHome(t), index: index.New(t, wheels...)}
	for _, tenant := range []string{"acme", "zenith"} {
		_, err := b.db.EnsureSubtenant(t.Context(), tenant)
		require.NoError(t, err)
	}
	b.start(change)
	return b
}

// start makes the manager, as a server's start would.
func (b *bench) start(change func(*packages.Options, *pip.Options)) {
	b.t.Helper()
	server, _, err := b.db.RegisterServer(b.t.Context(), "test", model.NewID().String())
	require.NoError(b.t, err)
	var resolver *pip.Runner
	folders := environment.Options{
		Dir: filepath.Join(b.dir, "packages"), Log: testkit.Logger(b.t),
		Unpack: func(ctx context.Context, folders map[string]model.LockedPackage, maxBytes int64, maxFiles int, log func(string)) error {
			return resolver.Unpack(ctx, folders, maxBytes, maxFiles, log)
		},
	}
	options := packages.Options{
		DB: b.db, Events: b, Server: server, Log: testkit.Logger(b.t),
		Changed: func(tenant string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.changed = append(b.changed, tenant)
		},
	}
	b.folders, err = environment.Open(folders)
	require.NoError(b.t, err)
	options.Folders = b.folders
	runner := pip.Options{
		Python: kit.Executable(b.home), PipPath: kit.PipPath(b.home), CacheDir: filepath.Join(b.dir, "cache"),
		Guard: kit.Executable(b.home), TempDir: b.folders.TempDir(), IndexURL: b.index.URL(),
	}
	options.Probe = func(ctx context.Context, in probe.Interpreter, path string, modules []probe.Module) ([]probe.Finding, error) {
		return probe.Run(ctx, b.probing(in, 0), path, modules)
	}
	if change != nil {
		change(&options, &runner)
	}
	resolver = pip.New(runner)
	options.Pip = resolver
	opened := b.folders
	b.folders = options.Folders
	b.Manager = packages.New(options)
	b.t.Cleanup(func() {
		require.NoError(b.t, b.Close(context.Background()))
		_, _ = b.folders.Close(), opened.Close()
	})
}

// probing is how the test binary probes, within a time; 0: the default.
func (b *bench) probing(in probe.Interpreter, limit time.Duration) probe.Options {
	options := probe.Options{
		Command: []string{os.Args[0], "probe-packages"}, Python: kit.Executable(b.home), Home: b.home,
		TempDir: b.folders.TempDir(), Limits: probe.Limits{Time: limit},
	}
	if in == probe.Main {
		options.Command, options.Guarded = []string{options.Python, "-I", "-c", embed.ProbeMain}, true
	}
	return options
}

// embedded has packages work in the embedded lane or be refused.
func embedded(o *packages.Options, _ *pip.Options) { o.DefaultLane = model.LaneEmbedded }

// install asks for a package and waits for the end.
func (b *bench) install(tenant, text string) model.PackageInstall {
	b.t.Helper()
	want, err := requirement.Parse(text)
	require.NoError(b.t, err)
	install, err := b.Install(b.t.Context(), tenant, want, nil)
	require.NoError(b.t, err)
	install, err = b.Wait(b.t.Context(), tenant, install.ID)
	require.NoError(b.t, err)
	return install
}

func (b *bench) installed(tenant, text string) {
	b.t.Helper()
	install := b.install(tenant, text)
	require.Equal(b.t, model.StatusCompleted, install.Status, "%v %v", install.Problem, install.Log)
}

// refused installs what must not succeed, and returns why.
func (b *bench) refused(tenant, text string, code model.Code) string {
	b.t.Helper()
	before := b.versions(tenant)
	install := b.install(tenant, text)
	require.Equal(b.t, model.StatusFailed, install.Status)
	require.Equal(b.t, code, install.Problem.Code, install.Problem.Detail)
	require.Equal(b.t, before, b.versions(tenant), "a failing install changes nothing")
	return install.Problem.Detail
}

// versions are the packages that a subtenant has, by name.
func (b *bench) versions(tenant string) map[string]string {
	b.t.Helper()
	all, _, err := b.db.ListPackages(b.t.Context(), tenant, true, repo.Page{})
	require.NoError(b.t, err)
	found := map[string]string{}
	for _, p := range all {
		found[p.Name] = p.Version
	}
	return found
}

// path is the folder of a subtenant's current environment.
func (b *bench) path(tenant string) string {
	b.t.Helper()
	env, err := b.db.Environment(b.t.Context(), tenant)
	require.NoError(b.t, err)
	site, ok := b.Ready(env)
	require.True(b.t, ok)
	return site.Path
}

// python runs a program with a subtenant's packages, in a plain Python.
func (b *bench) python(tenant, program string) string {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), kit.Executable(b.home), "-c", program)
	cmd.Env = []string{"PYTHONPATH=" + b.path(tenant), "PYTHONDONTWRITEBYTECODE=1"}
	out, err := cmd.CombinedOutput()
	require.NoError(b.t, err, string(out))
	return strings.TrimSpace(string(out))
}

// define stores a function with requirements, as the API does.
func (b *bench) define(tenant, name string, requirements ...string) error {
	b.t.Helper()
	return b.WithRequirements(b.t.Context(), tenant, name, requirements, nil, nil, func(ctx context.Context, change *repo.EnvironmentChange, lock model.Lock) error {
		f := model.Function{Name: name, Code: "x", Requirements: requirements, Lock: lock}
		_, err := b.db.CreateFunction(ctx, tenant, f, nil, change)
		if model.CodeOf(err) == model.CodeNameTaken {
			_, err = b.db.UpdateFunction(ctx, tenant, name, func(stored *model.Function) error {
				stored.Requirements, stored.Lock = requirements, lock
				return nil
			}, nil, nil, change)
		}
		return err
	})
}
