package packages_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

// gate holds the installs of the package "held" in their probe.
type gate struct {
	entered chan struct{} // has a value for each that is held
	open    chan struct{} // closed when they may go on
	probes  chan struct{} // has a value for each probe, of any package
}

// hold puts the gate into the manager's way.
func hold(change func(*packages.Options)) (*gate, func(*packages.Options, *pip.Options)) {
	g := &gate{entered: make(chan struct{}, 10), open: make(chan struct{}), probes: make(chan struct{}, 100)}
	return g, func(o *packages.Options, _ *pip.Options) {
		probing := o.Probe
		o.Probe = func(ctx context.Context, in probe.Interpreter, path string, modules []probe.Module) ([]probe.Finding, error) {
			g.probes <- struct{}{}
			if slices.ContainsFunc(modules, func(m probe.Module) bool { return m.Name == "held" }) {
				g.entered <- struct{}{}
				select {
				case <-g.open:
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
			return probing(ctx, in, path, modules)
		}
		if change != nil {
			change(o)
		}
	}
}

var heldWheels = []index.Wheel{{Name: "held", Version: "1"}, {Name: "alpha", Version: "1"}, {Name: "beta", Version: "1"}}

// begin asks for a package and does not wait.
func (b *bench) begin(tenant, text string) model.PackageInstall {
	b.t.Helper()
	want, err := requirement.Parse(text)
	require.NoError(b.t, err)
	install, err := b.Install(b.t.Context(), tenant, want, nil)
	require.NoError(b.t, err)
	return install
}

func (b *bench) end(tenant string, install model.PackageInstall) model.PackageInstall {
	b.t.Helper()
	install, err := b.Wait(b.t.Context(), tenant, install.ID)
	require.NoError(b.t, err)
	require.True(b.t, install.Status.Final())
	return install
}

// The time of an install begins with its turn, regardless of its wait.
func TestTheTimeOfAnInstall(t *testing.T) {
	t.Parallel()
	limit := time.Hour
	g, change := hold(func(o *packages.Options) { o.Limit, o.AtOnce, o.Slow = limit, 1, time.Hour })
	b := setup(t, change, append([]index.Wheel{{Name: "gamma", Version: "1"}}, heldWheels...)...)
	// An install that is held must come to its probe within the limit, however busy the machine is.
	began := time.Now()
	b.installed("zenith", "gamma")
	limit = max(5*time.Second, 6*time.Since(began)).Round(time.Second)
	b.start(change)
	first := b.begin("acme", "held")
	<-g.entered
	second := b.begin("zenith", "alpha")
	now := b.end("acme", first)
	require.Equal(t, model.StatusFailed, now.Status)
	require.Equal(t, model.CodePackageInstallFailed, now.Problem.Code)
	require.Contains(t, now.Problem.Detail, "took longer than "+limit.String())
	require.Empty(t, b.versions("acme"))
	require.Equal(t, model.StatusCompleted, b.end("zenith", second).Status)

	// The same for a function, whose limit is the install's and not the request's.
	b.index.Fail(index.Stalled)
	err := b.define("acme", "f", "beta")
	require.Equal(t, model.CodePackageInstallFailed, model.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "took longer than "+limit.String())
}

// A change without work does not wait.
func TestAChangeWithNothingToInstallTakesNoTurn(t *testing.T) {
	t.Parallel()
	g, change := hold(func(o *packages.Options) { o.AtOnce, o.Slow, o.Patience = 1, time.Hour, 100*time.Millisecond })
	b := setup(t, change, heldWheels...)
	b.installed("acme", "alpha")
	install := b.begin("acme", "held")
	<-g.entered
	require.NoError(t, b.define("acme", "f", "alpha>=1"))
	b.installed("acme", "alpha")

	// A change with work waits, but not without limit if a caller waits for it.
	for _, err := range []error{b.define("acme", "g", "beta"), b.define("zenith", "g", "beta"), b.Remove(t.Context(), "zenith", "alpha", nil)} {
		if model.CodeOf(err) == model.CodePackageNotFound {
			continue // nothing to take away either
		}
		require.Equal(t, model.CodeUnavailable, model.CodeOf(err), "%v", err)
		require.ErrorContains(t, err, "waited for other installs")
	}
	for len(g.probes) > 0 {
		<-g.probes
	}
	close(g.open)
	require.Equal(t, model.StatusCompleted, b.end("acme", install).Status)
	require.Empty(t, g.probes, "the built folder still fits: nothing is built again")
	require.Equal(t, map[string]string{"alpha": "1", "held": "1"}, b.versions("acme"))
	state, err := b.db.PackageState(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, []repo.FunctionRequirements{{Function: "f", Requirements: []string{"alpha>=1"}}}, state.Functions)
}

// An install that takes long holds up its own subtenant's installs, and no other's.
func TestASlowInstallHoldsUpNoOtherSubtenant(t *testing.T) {
	t.Parallel()
	g, change := hold(func(o *packages.Options) { o.AtOnce, o.Slow = 1, 10*time.Millisecond })
	b := setup(t, change, heldWheels...)
	var slow []model.PackageInstall
	for _, tenant := range []string{"acme", "zenith"} {
		slow = append(slow, b.begin(tenant, "held"))
		<-g.entered
	}
	_, err := b.db.CreateSubtenant(t.Context(), "third", nil)
	require.NoError(t, err)
	require.NoError(t, b.define("third", "f", "beta"))
	require.Equal(t, map[string]string{"beta": "1"}, b.versions("third"))
	close(g.open)
	require.Equal(t, model.StatusCompleted, b.end("acme", slow[0]).Status)
	require.Equal(t, model.StatusCompleted, b.end("zenith", slow[1]).Status)
}

func TestTooManyInstallsOfOneSubtenant(t *testing.T) {
	t.Parallel()
	g, change := hold(func(o *packages.Options) { o.Waiting = 1 })
	b := setup(t, change, heldWheels...)
	first := b.begin("acme", "held")
	<-g.entered
	second := b.begin("acme", "alpha")
	require.Eventually(t, func() bool {
		now, err := b.db.Install(t.Context(), "acme", second.ID)
		return err == nil && len(now.Log) > 0 // it waits for its turn
	}, 20*time.Second, 5*time.Millisecond)
	third := b.end("acme", b.begin("acme", "beta"))
	require.Equal(t, model.CodeTooManyRequests, third.Problem.Code)
	require.Equal(t, model.CodeTooManyRequests, model.CodeOf(b.define("acme", "f", "beta")))
	b.installed("zenith", "beta")
	close(g.open)
	require.Equal(t, model.StatusCompleted, b.end("acme", first).Status)
	require.Equal(t, model.StatusCompleted, b.end("acme", second).Status)
}

// All changes in progress end with the server, which waits for them, and with
// their subtenant.
func TestWhatEndsAnInstall(t *testing.T) {
	t.Parallel()
	g, change := hold(nil)
	b := setup(t, change, heldWheels...)
	install := b.begin("zenith", "held")
	<-g.entered
	require.NoError(t, b.db.DeleteSubtenant(t.Context(), "zenith"))
	b.Forget("zenith")
	_, err := b.Wait(t.Context(), "zenith", install.ID)
	require.Equal(t, model.CodeInstallNotFound, model.CodeOf(err))

	defined := make(chan error, 1)
	go func() { defined <- b.define("acme", "f", "held") }()
	<-g.entered
	require.NoError(t, b.Close(t.Context()))
	select {
	case err := <-defined:
		require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
		require.ErrorContains(t, err, "stopped")
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on")
	}
	require.Empty(t, b.versions("acme"))
}

// A server that was taken for gone commits nothing: its install was reported as
// failed.
func TestAServerThatWasTakenForGoneCommitsNothing(t *testing.T) {
	t.Parallel()
	g, change := hold(nil)
	b := setup(t, change, heldWheels...)
	install := b.begin("acme", "held")
	<-g.entered
	servers, err := b.db.Servers(t.Context())
	require.NoError(t, err)
	for _, s := range servers {
		_, err := b.db.DeclareGone(t.Context(), s.ID, s.Beats)
		require.NoError(t, err)
	}
	require.NoError(t, b.db.FailLostInstalls(t.Context()))
	close(g.open)
	install = b.end("acme", install)
	require.Equal(t, model.StatusFailed, install.Status)
	require.Contains(t, install.Problem.Detail, "stopped before the install was complete")
	require.Empty(t, b.versions("acme"))
}

// The end of an install is stored when the database takes it, also later.
func TestTheEndOfAnInstallIsStoredInTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, heldWheels...)
	_, err := b.db.Pool().Exec(t.Context(), `
		CREATE SEQUENCE ends;
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF nextval('ends') <= 3 THEN RAISE EXCEPTION 'not now'; END IF; -- a sequence knows no rollback
			RETURN NEW;
		END $$;
		CREATE TRIGGER refuse BEFORE UPDATE ON package_installs FOR EACH ROW WHEN (NEW.status = 'failed') EXECUTE FUNCTION refuse()`)
	require.NoError(t, err)
	b.refused("acme", "not-there", model.CodePackageInstallFailed)
}

// A few environments of other servers are built at a time, beside the installs.
func TestHowManyEnvironmentsAreBuiltAtOnce(t *testing.T) {
	t.Parallel()
	began, open := make(chan struct{}, 10), make(chan struct{})
	b := setup(t, func(o *packages.Options, _ *pip.Options) {
		o.Builds = 2
		var err error
		o.Folders, err = environment.Open(environment.Options{
			Dir: filepath.Join(t.TempDir(), "packages"), Log: testkit.Logger(t),
			Unpack: func(ctx context.Context, folders map[string]model.LockedPackage, _ int64, _ int, _ func(string)) error {
				began <- struct{}{}
				for folder, p := range folders {
					if err := os.WriteFile(filepath.Join(folder, p.Name+".py"), nil, 0o600); err != nil {
						return err
					}
				}
				select {
				case <-open:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			},
		})
		require.NoError(t, err)
	})
	of := func(name string) model.Environment {
		return model.Environment{Tenant: name, Number: 1, Lock: model.Lock{{Name: name, Version: "1", SHA256: name}}}
	}
	done := make(chan error, 2)
	for _, name := range []string{"one", "two"} {
		go func() {
			_, err := b.Build(t.Context(), of(name))
			done <- err
		}()
		<-began
	}
	short, end := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer end()
	_, err := b.Build(short, of("three"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, began)
	close(open)
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	_, err = b.Build(t.Context(), of("three"))
	require.NoError(t, err)
}
