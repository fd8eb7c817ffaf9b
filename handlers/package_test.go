package handlers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/events"
	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// installer stands for the manager, whose real tests are in internal/packages
// and cmd/maestro: it installs without pip what the test says.
type installer struct {
	db      *repo.DB
	bus     *events.Bus
	wait    chan struct{} // an install is over when it is closed
	problem *model.Error
	wanted  []string
	lock    model.Lock            // that requirements come to
	needs   string                // why an installed package needs the process lane
	hold    func(context.Context) // stands for the time that requirements take; nil: none
}

func (p *installer) Install(ctx context.Context, tenant string, want requirement.Requirement, by *string) (model.PackageInstall, error) {
	p.wanted = append(p.wanted, want.Text)
	install, err := p.db.CreateInstall(ctx, tenant, want.Name, want.Text, model.NewID(), by)
	if err != nil {
		return install, err
	}
	go func() {
		<-p.wait
		background := context.Background()
		if p.problem == nil {
			lock := model.Lock{{Name: want.Name, Version: "1.2.3", SHA256: "aa", Needs: []string{"jiter"}}}
			if p.needs != "" {
				lock = append(lock, model.LockedPackage{Name: "jiter", Version: "1", SHA256: "bb", NeedsProcess: p.needs, Notes: []string{"jiter needs it: " + p.needs}})
			}
			state, _ := p.db.PackageState(background, tenant)
			_, _ = p.db.ApplyEnvironment(background, tenant, repo.EnvironmentChange{
				Base: state.Revision, Lock: lock, Requested: []repo.RequestedPackage{{Name: want.Name, Requirement: want.Text}}, By: by,
			})
		}
		_ = p.db.AppendInstallLog(background, tenant, install.ID, []string{"a line"})
		p.bus.Publish(events.Event{Tenant: tenant, ExecutionID: install.ID, Name: events.Log, At: time.Now(), Text: "a line"})
		_ = p.db.EndInstall(background, tenant, install.ID, p.problem)
		p.bus.Publish(events.Event{Tenant: tenant, ExecutionID: install.ID, Name: events.ExecutionCompleted, At: time.Now(), Status: model.StatusCompleted})
	}()
	return install, nil
}

func (p *installer) Wait(ctx context.Context, tenant string, id model.ID) (model.PackageInstall, error) {
	for {
		install, err := p.db.Install(context.WithoutCancel(ctx), tenant, id)
		if err != nil || install.Status.Final() || ctx.Err() != nil {
			return install, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
}

func (p *installer) Remove(ctx context.Context, _, name string, _ *string) error {
	p.wanted = append(p.wanted, "remove "+name)
	if p.hold != nil {
		p.hold(ctx)
	}
	return p.problemOrNil()
}

func (p *installer) WithRequirements(ctx context.Context, tenant, _ string, requirements []string, _ model.Lock, _ *string,
	store func(context.Context, *repo.EnvironmentChange, model.Lock) error,
) error {
	p.wanted = append(p.wanted, strings.Join(requirements, " "))
	if err := p.problemOrNil(); err != nil {
		return err
	}
	if p.hold != nil {
		p.hold(ctx)
	}
	state, err := p.db.PackageState(ctx, tenant)
	if err != nil {
		return err
	}
	return store(ctx, &repo.EnvironmentChange{Base: state.Revision, Lock: p.lock, Requested: state.Requested}, p.lock)
}

func (p *installer) WithAllRequirements(ctx context.Context, tenant string, wanted []repo.FunctionRequirements, _ *string,
	store func(context.Context, *repo.EnvironmentChange) error,
) error {
	for _, f := range wanted {
		p.wanted = append(p.wanted, strings.Join(append([]string{f.Function}, f.Requirements...), " "))
	}
	if err := p.problemOrNil(); err != nil {
		return err
	}
	state, err := p.db.PackageState(ctx, tenant)
	if err != nil {
		return err
	}
	return store(ctx, &repo.EnvironmentChange{Base: state.Revision, Lock: p.lock, Requested: state.Requested})
}

func (p *installer) problemOrNil() error {
	if p.problem == nil {
		return nil
	}
	return p.problem
}

func setupPackages(t *testing.T, wait time.Duration, change ...func(*handlers.Options)) (*fixture, *installer) {
	t.Helper()
	p := &installer{wait: make(chan struct{})}
	f := setup(t, func(o *handlers.Options) {
		p.db, p.bus = o.DB, o.Events
		o.Packages, o.InstallWait = p, wait
		for _, set := range change {
			set(o)
		}
	})
	return f, p
}

func TestPackages(t *testing.T) {
	t.Parallel()
	f, p := setupPackages(t, 30*time.Second)
	close(p.wait)
	f.all([]ask{
		{name: "install", call: "POST /api/v1/packages", body: `{"package_name":"HTTP.x[Socks]"}`, status: 201, want: []string{`"package_name":"http-x"`, `"version":"1.2.3"`, `"requirement":"http-x[socks]"`, `"installed_by"`}, lacks: []string{`"status"`}},
		{name: "list", call: "GET /api/v1/packages", status: 200, want: []string{`"package_name":"http-x"`}},
		{name: "all", call: "GET /api/v1/packages?all=true&limit=1", status: 200, want: []string{`"package_name":"http-x"`}},
		{name: "another's", call: "GET /api/v1/packages?all=true", token: f.mint("other", true), status: 200, want: []string{`[]`}},
		{name: "remove", call: "DELETE /api/v1/packages/HTTP_X", status: 204},
		{name: "remove nonsense", call: "DELETE /api/v1/packages/-r", status: 404, want: []string{"package_not_found"}},
		{name: "no name", call: "POST /api/v1/packages", body: `{}`, status: 422, want: []string{"package_name"}},
		{name: "an option", call: "POST /api/v1/packages", body: `{"package_name":"--index-url=http://x"}`, status: 422, want: []string{"/package_name"}},
		{name: "an address", call: "POST /api/v1/packages", body: `{"package_name":"x @ git+https://x/y"}`, status: 422, want: []string{"/package_name"}},
		{name: "a version in the name", call: "POST /api/v1/packages", body: `{"package_name":"x==1"}`, status: 422, want: []string{"/package_name"}},
		{name: "no version", call: "POST /api/v1/packages", body: `{"package_name":"x","version":"newest"}`, status: 422, want: []string{"/version"}},
		{name: "an unknown member", call: "POST /api/v1/packages", body: `{"package_name":"x","index_url":"http://x"}`, status: 422, want: []string{"index_url"}},
		{name: "no such install", call: "GET /api/v1/packages/installs/" + model.NewID().String(), status: 404, want: []string{"install_not_found"}},
		{name: "no id", call: "GET /api/v1/packages/installs/x", status: 404, want: []string{"install_not_found"}},
	})
	require.Equal(t, []string{"http-x[socks]", "remove http-x"}, p.wanted)
	p.problem = model.NewError(model.CodePackageConflict, "These can't be installed together.")
	f.must(ask{call: "POST /api/v1/packages", body: `{"package_name":"x","version":"1.0"}`, status: 409, want: []string{"package_conflict", "together"}})
	require.Equal(t, "x==1.0", p.wanted[2])
}

func TestAnInstallGoesOnBehindItsAddress(t *testing.T) {
	t.Parallel()
	f, p := setupPackages(t, 10*time.Millisecond)
	got := f.must(ask{call: "POST /api/v1/packages", body: `{"package_name":"x"}`, status: 202, want: []string{`"status":"pending"`, `"completed_at":null`}})
	address := got.Header.Get("Location")
	require.Contains(t, address, "/api/v1/packages/installs/")
	f.must(ask{call: "GET " + address, status: 200, want: []string{`"log":[]`, `"error":null`}})
	f.must(ask{call: "GET " + address, token: f.mint("other", true), status: 404})
	f.must(ask{call: "GET " + address + "/log/stream", token: f.mint("other", true), status: 404})
	close(p.wait)
	f.must(ask{call: "GET " + address + "/log/stream", status: 200, want: []string{"event: log", "a line", "event: execution_completed"}})
	f.must(ask{call: "GET " + address, status: 200, want: []string{`"status":"completed"`, `"log":["a line"]`}})
}

// A client that follows the log from its first line does not wait for the install.
func TestAnInstallThatIsNotAwaited(t *testing.T) {
	t.Parallel()
	f, p := setupPackages(t, time.Hour)
	got := f.must(ask{
		call: "POST /api/v1/packages", body: `{"package_name":"x"}`, header: []string{"Prefer: wait=5, respond-async"},
		status: 202, want: []string{`"status":"pending"`, `"requirement":"x"`},
	})
	require.Equal(t, "respond-async", got.Header.Get("Preference-Applied"))
	address := got.Header.Get("Location")
	close(p.wait)
	f.must(ask{call: "GET " + address + "/log/stream", status: 200, want: []string{"event: log", "a line", "event: execution_completed"}})
	f.must(ask{call: "POST /api/v1/packages", body: `{"package_name":"x @ https://x"}`, header: []string{"Prefer: respond-async"}, status: 422})
}

func TestRequirementsOfAFunction(t *testing.T) {
	t.Parallel()
	f, p := setupPackages(t, time.Second)
	const code = `"code":"def f(input):\n    return 1\n"`
	f.all([]ask{
		{name: "create", call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"requirements":["Foo >= 1","foo>=1","bar"]}`, status: 201, want: []string{`"requirements":["foo>=1","bar"]`}},
		{name: "version", call: "GET /api/v1/functions/f/versions/1", status: 200, want: []string{`"requirements":["foo>=1","bar"]`}},
		{name: "new code", call: "PUT /api/v1/functions/f", body: `{"code":"def f(input):\n    return 2\n"}`, status: 200, want: []string{`"version":2`, `"requirements":["foo>=1","bar"]`}},
		{name: "the same", call: "PUT /api/v1/functions/f", body: `{"requirements":["foo>=1","bar"]}`, status: 200, want: []string{`"version":2`}},
		{name: "others", call: "PUT /api/v1/functions/f", body: `{"requirements":["foo>=2"]}`, status: 200, want: []string{`"version":3`}},
		{name: "none", call: "PUT /api/v1/functions/f", body: `{"requirements":null}`, status: 200, want: []string{`"version":4`, `"requirements":[]`}},
		{name: "back", call: "POST /api/v1/functions/f/rollback/1", status: 200, want: []string{`"version":5`, `"requirements":["foo>=1","bar"]`}},
	})
	require.Equal(t, []string{"foo>=1 bar", "foo>=2", "foo>=1 bar"}, p.wanted, "unchanged requirements install nothing")
	// Other faults are refused before packages are installed.
	f.all([]ask{
		{name: "name", call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"requirements":["foo"]}`, status: 409},
		{name: "code", call: "POST /api/v1/functions", body: `{"name":"g","code":"def g(","requirements":["foo"]}`, status: 422},
		{name: "requirement", call: "PUT /api/v1/functions/f", body: `{"requirements":["foo","-r x"]}`, status: 422, want: []string{`/requirements/1`}},
		{name: "too many", call: "PUT /api/v1/functions/f", body: `{"requirements":[` + strings.Repeat(`"foo",`, 100) + `"foo"]}`, status: 422},
		{name: "version", call: "PUT /api/v1/functions/f", header: []string{`If-Match: "1"`}, body: `{"requirements":["foo"]}`, status: 412},
		{name: "missing", call: "PUT /api/v1/functions/missing", body: `{"requirements":["foo"]}`, status: 404},
	})
	require.Len(t, p.wanted, 3)
	p.problem = model.NewError(model.CodePackagesDisabled, "No.")
	f.must(ask{call: "PUT /api/v1/functions/f", body: `{"requirements":["foo"]}`, status: 403, want: []string{"packages_disabled"}})
}

// Saving a function, or removing a package, waits for the packages beyond the time
// limit of other requests: the package manager limits an install.
func TestPackagesTakeLongerThanARequestMay(t *testing.T) {
	t.Parallel()
	f, p := setupPackages(t, time.Second)
	p.hold = func(ctx context.Context) {
		_, limited := ctx.Deadline()
		require.False(t, limited)
		require.NoError(t, ctx.Err())
	}
	const code = `"code":"def f(input):\n    return 1\n"`
	f.must(ask{call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"requirements":["foo"]}`, status: 201})
	f.must(ask{call: "PUT /api/v1/functions/f", body: `{"requirements":["foo>=2"]}`, status: 200})
	f.must(ask{call: "POST /api/v1/functions/f/rollback/1", status: 200})
	f.must(ask{call: "DELETE /api/v1/packages/foo", status: 204})

	ended := make(chan error, 1)
	server, end := context.WithCancel(t.Context())
	defer end()
	f, p = setupPackages(t, time.Second, func(o *handlers.Options) { o.Context = server })
	p.problem = model.NewError(model.CodeUnavailable, "The server was stopped.")
	p.hold = func(ctx context.Context) {
		end()
		<-ctx.Done()
		ended <- ctx.Err()
	}
	f.must(ask{call: "DELETE /api/v1/packages/foo", status: 503})
	require.ErrorIs(t, <-ended, context.Canceled)
}

// An update that repeats what the function required a moment ago begins anew
// when another one has changed that meanwhile: its packages may be gone.
func TestAnUpdateThatWasOvertaken(t *testing.T) {
	t.Parallel()
	f, p := setupPackages(t, time.Second)
	const code = `"code":"def f(input):\n    return 1\n"`
	f.must(ask{call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"requirements":["foo"]}`, status: 201})
	// Between the look at what it requires and the change, under the lock that the
	// change waits for.
	tx, err := f.db.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT 1 FROM functions WHERE name = 'f' FOR UPDATE")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.must(ask{call: "PUT /api/v1/functions/f", body: `{"requirements":["foo"],"description":"new"}`, status: 200, want: []string{`"requirements":["foo"]`}})
	}()
	require.Eventually(t, func() bool {
		var waits int
		err := f.db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waits)
		return err == nil && waits > 0
	}, 20*time.Second, 5*time.Millisecond)
	_, err = tx.Exec(t.Context(), "UPDATE function_versions SET requirements = '{}' WHERE id = (SELECT version_id FROM functions WHERE name = 'f')")
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	<-done
	require.Equal(t, []string{"foo", "foo"}, p.wanted, "it asks for them again")
}

// The answer of the install and the list say that a package needs the process lane,
// and the subtenant is there.
func TestPackagesThatNeedTheProcessLane(t *testing.T) {
	t.Parallel()
	f, p := setupPackages(t, time.Minute)
	close(p.wait)
	f.must(ask{call: "POST /api/v1/packages", body: `{"package_name":"anthropic"}`, status: 201, want: []string{`"lane":null`, `"notes":[]`}})
	p.needs = "it refuses"
	shown := []string{`"package_name":"anyio"`, `"lane":"process"`, `"notes":["jiter needs it: it refuses"]`}
	f.must(ask{call: "POST /api/v1/packages", body: `{"package_name":"anyio"}`, status: 201, want: shown})
	f.must(ask{call: "GET /api/v1/packages", status: 200, want: shown})
	f.must(ask{call: "GET /api/v1/subtenants/default", token: f.mint("", true), status: 200, want: []string{
		`"lane":"auto"`, `"effective_lane":"process"`, `"lane_reason":"the package jiter needs the process lane: it refuses"`,
	}})
}

func TestWhatDoesNotWorkOfAFunctionsPackages(t *testing.T) {
	t.Parallel()
	f, p := setupPackages(t, time.Second)
	p.lock = model.Lock{{Name: "foo", Version: "1", SHA256: "aa", Notes: []string{"The module foo._fast of the package foo does not work."}}}
	const code = `"code":"def f(input):\n    return 1\n"`
	notes := `"package_notes":["The module foo._fast of the package foo does not work."]`
	f.must(ask{call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"requirements":["foo"]}`, status: 201, want: []string{notes}})
	got := f.must(ask{call: "GET /api/v1/functions/f", status: 200, want: []string{notes}})
	f.must(ask{call: "PUT /api/v1/functions/f", body: got.text, status: 200, want: []string{`"version":1`, notes}})
	f.must(ask{call: "PUT /api/v1/functions/f", body: `{"package_notes":[]}`, status: 422, want: []string{"/package_notes"}})
	f.must(ask{call: "PUT /api/v1/functions/f", body: `{"requirements":null}`, status: 200, want: []string{`"package_notes":[]`}})

	// A deleted function is not rolled back, and no package is installed for it.
	f.must(ask{call: "DELETE /api/v1/functions/f", status: 204})
	before := len(p.wanted)
	f.must(ask{call: "POST /api/v1/functions/f/rollback/1", status: 404, want: []string{"function_not_found"}})
	require.Len(t, p.wanted, before)
}
