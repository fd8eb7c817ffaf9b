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
			lock := model.Lock{{Name: want.Name, Version: "1.2.3", SHA256: "aa"}}
			_, _ = p.db.ApplyEnvironment(background, tenant, repo.EnvironmentChange{
				Lock: lock, Requested: []repo.RequestedPackage{{Name: want.Name, Requirement: want.Text}}, By: by,
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

func (p *installer) Remove(_ context.Context, _, name string, _ *string) error {
	p.wanted = append(p.wanted, "remove "+name)
	return p.problemOrNil()
}

func (p *installer) WithRequirements(_ context.Context, _, _ string, requirements []string, _ model.Lock, _ *string,
	store func(*repo.EnvironmentChange, model.Lock) error,
) error {
	p.wanted = append(p.wanted, strings.Join(requirements, " "))
	if err := p.problemOrNil(); err != nil {
		return err
	}
	return store(nil, nil)
}

func (p *installer) problemOrNil() error {
	if p.problem == nil {
		return nil
	}
	return p.problem
}

func setupPackages(t *testing.T, wait time.Duration) (*fixture, *installer) {
	t.Helper()
	p := &installer{wait: make(chan struct{})}
	f := setup(t, func(o *handlers.Options) {
		p.db, p.bus = o.DB, o.Events
		o.Packages, o.InstallWait = p, wait
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
	require.Equal(t, []string{"foo>=1 bar", "foo>=2", "foo>=1 bar"}, p.wanted, "what stays as it is asks nobody")
	// What is wrong anyway is refused before anything is installed.
	f.all([]ask{
		{name: "name", call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"requirements":["foo"]}`, status: 409},
		{name: "code", call: "POST /api/v1/functions", body: `{"name":"g","code":"def g(","requirements":["foo"]}`, status: 422},
		{name: "requirement", call: "PUT /api/v1/functions/f", body: `{"requirements":["foo","-r x"]}`, status: 422, want: []string{`/requirements/1`}},
		{name: "too many", call: "PUT /api/v1/functions/f", body: `{"requirements":[` + strings.Repeat(`"foo",`, 100) + `"foo"]}`, status: 422},
		{name: "version", call: "PUT /api/v1/functions/f", header: []string{`If-Match: "1"`}, body: `{"requirements":["foo"]}`, status: 412},
		{name: "missing", call: "PUT /api/v1/functions/nobody", body: `{"requirements":["foo"]}`, status: 404},
	})
	require.Len(t, p.wanted, 3)
	p.problem = model.NewError(model.CodePackagesDisabled, "No.")
	f.must(ask{call: "PUT /api/v1/functions/f", body: `{"requirements":["foo"]}`, status: 403, want: []string{"packages_disabled"}})
}
