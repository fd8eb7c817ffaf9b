package engine

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

// setupPackages is setup with packages, of which a shop is the folder.
func setupPackages(t *testing.T) (*bundle, *shop) {
	t.Helper()
	b, s := setup(t), newShop()
	b.Engine = New(Options{Store: b.db, Secrets: b.secrets, Recorder: b.book, Events: b.book, Lane: b.lane, Packages: s, Log: testkit.Logger(t)})
	t.Cleanup(func() { b.Drain(context.Background()) })
	b.lane.functions["site"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		site, _ := json.Marshal(call.Packages.Path)
		return site, nil
	}
	b.define(t, "site", model.Function{Code: "site"})
	return b, s
}

// lockOf is a lock of packages that are written as name==version.
func lockOf(packages ...string) model.Lock {
	var lock model.Lock
	for _, p := range packages {
		name, version, _ := strings.Cut(p, "==")
		lock = append(lock, model.LockedPackage{Name: name, Version: version, File: name + ".whl", SHA256: strings.Repeat(version, 64), Needs: []string{}})
	}
	return lock
}

// install makes the subtenant's next environment, without a word to the engine.
func (b *bundle) install(t *testing.T, lock model.Lock) {
	t.Helper()
	state, err := b.db.PackageState(t.Context(), "acme")
	require.NoError(t, err)
	_, err = b.db.ApplyEnvironment(t.Context(), "acme", repo.EnvironmentChange{Base: state.Revision, Lock: lock})
	require.NoError(t, err)
}

func TestARunNamesItsPackages(t *testing.T) {
	t.Parallel()
	b, _ := setupPackages(t)
	site := func() string {
		result, err := b.run(t, "site", `1`)
		require.NoError(t, err)
		return string(result.Output)
	}
	require.Equal(t, `""`, site())
	for _, version := range []string{"1", "2"} {
		b.install(t, lockOf("httpx=="+version))
		b.PackagesChanged("acme")
		b.catalogue.builds.Wait() // that begins a build by itself, where the subtenant has run before
		require.Equal(t, `"/sites/`+version+`"`, site())
	}
}

func TestSitesOfRunsUnderWay(t *testing.T) {
	t.Parallel()
	b, s := setupPackages(t)
	s.ready[1], s.ready[2] = true, true
	b.install(t, lockOf("httpx==1"))
	b.PackagesChanged("acme")
	started, release := make(chan struct{}), make(chan struct{})
	b.lane.functions["waits"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		close(started)
		<-release
		site, _ := json.Marshal(call.Packages.Path)
		return site, nil
	}
	b.define(t, "waits", model.Function{Code: "waits"})
	done := make(chan string)
	go func() {
		result, err := b.run(t, "waits", `1`)
		if err != nil {
			t.Error(err)
		}
		done <- string(result.Output)
	}()
	<-started
	b.install(t, lockOf("httpx==2"))
	b.PackagesChanged("acme")
	_, err := b.run(t, "site", `1`)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"/sites/1": true, "/sites/2": true}, b.SitesInUse())
	close(release)
	require.Equal(t, `"/sites/1"`, <-done)
	require.Equal(t, map[string]bool{"/sites/2": true}, b.SitesInUse())
}

// A run that is under way when packages change keeps its modules: a sibling
// that requires a changed package is called in its earlier version, any other
// sibling in its newest.
func TestSiblingsOfARunWithOldPackages(t *testing.T) {
	t.Parallel()
	b, s := setupPackages(t)
	s.ready[1], s.ready[2] = true, true
	b.install(t, lockOf("httpx==1", "jinja2==1"))
	b.PackagesChanged("acme")
	update := func(name, code string, lock model.Lock) {
		change := func(f *model.Function) error {
			f.Code, f.Lock = code, lock
			return nil
		}
		_, err := b.db.UpdateFunction(t.Context(), "acme", name, change, nil, nil, nil)
		require.NoError(t, err)
		b.FunctionsChanged("acme")
	}
	for name, lock := range map[string]model.Lock{"uses_httpx": lockOf("httpx==1"), "uses_jinja2": lockOf("jinja2==1"), "uses_none": nil} {
		b.define(t, name, model.Function{Code: "echo", Lock: lock})
	}
	step := make(chan struct{})
	versions := make(chan map[string]any, 2)
	b.lane.functions["watches"] = func(_ context.Context, call model.Call, _ model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		for range 2 {
			found := map[string]any{}
			for _, name := range []string{"uses_httpx", "uses_jinja2", "uses_none", "new"} {
				if program, raise := call.Host.Lookup(name); raise != nil {
					found[name] = raise.Kind
				} else {
					found[name] = program.Version
				}
			}
			versions <- found
			<-step
		}
		return input, nil
	}
	b.define(t, "watches", model.Function{Code: "watches"})
	done := make(chan error)
	go func() {
		_, err := b.run(t, "watches", `1`)
		done <- err
	}()
	require.Equal(t, map[string]any{"uses_httpx": 1, "uses_jinja2": 1, "uses_none": 1, "new": model.RaiseName}, <-versions)
	b.install(t, lockOf("httpx==2", "jinja2==1"))
	b.PackagesChanged("acme")
	update("uses_httpx", "calls", lockOf("httpx==2"))
	update("uses_jinja2", "calls", lockOf("jinja2==1"))
	update("uses_none", "calls", nil)
	b.define(t, "new", model.Function{Code: "echo", Lock: lockOf("httpx==2")})
	step <- struct{}{}
	require.Equal(t, map[string]any{"uses_httpx": 1, "uses_jinja2": 2, "uses_none": 2, "new": model.RaiseEngine}, <-versions)
	step <- struct{}{}
	require.NoError(t, <-done)
	_, err := b.run(t, "new", `1`)
	require.NoError(t, err, "the next run has the new packages")
}

func TestASubtenantThatIsGoneHasNoPackages(t *testing.T) {
	t.Parallel()
	b, s := setupPackages(t)
	s.ready[1] = true
	b.install(t, lockOf("httpx==1"))
	b.PackagesChanged("acme")
	f, err := b.catalogue.function(t.Context(), "acme", "site")
	require.NoError(t, err)
	late := b.newRun(t.Context(), f, RunRequest{Tenant: "acme", Function: "site"})
	defer late.cancel()
	b.TenantGone("acme")
	require.Equal(t, []string{"acme"}, s.forgotten)
	require.EqualValues(t, 1, b.lane.forgotten.Load())
	require.Equal(t, model.CodeFunctionNotFound, model.CodeOf(b.admit(late)), "it would bring the packages back")
	require.Empty(t, b.SitesInUse())
}

// A run that the lane can't begin has the next one look whether its packages
// are there.
func TestARunWithoutItsFolderHasItLookedFor(t *testing.T) {
	t.Parallel()
	b, s := setupPackages(t)
	s.ready[1] = true
	b.install(t, lockOf("httpx==1"))
	b.PackagesChanged("acme")
	_, err := b.run(t, "site", `1`)
	require.NoError(t, err)
	s.with(func() { s.ready[1] = false })
	b.lane.refuse = model.NewError(model.CodeUnavailable, "The packages of this subtenant cannot be read on this server.")
	_, err = b.run(t, "site", `1`)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
	b.lane.refuse = nil
	_, err = b.run(t, "site", `1`)
	require.NoError(t, err)
	b.catalogue.builds.Wait()
	s.with(func() { require.Equal(t, []int{1}, s.began) })
}

// A run is accepted without its packages: the server that begins it waits for them. Its
// input is checked all the same, and nothing is compiled for that.
func TestARunIsAcceptedBeforeItsPackagesAreThere(t *testing.T) {
	t.Parallel()
	b, s := setupPackages(t)
	b.Engine = New(Options{
		Store: b.db, Secrets: b.secrets, Recorder: b.book, Events: b.book, Lane: b.lane, Packages: s, Log: testkit.Logger(t),
		Queue: queueOf(t, b.db), Inputs: unsealed{}, PackagesWait: time.Minute,
	})
	t.Cleanup(func() { b.Drain(context.Background()) })
	s.release[1] = make(chan struct{}) // of a build that never ends
	b.install(t, lockOf("httpx==1"))
	b.define(t, "strict", model.Function{Code: "echo", InputSchema: json.RawMessage(`{"type":"integer"}`), Retry: &model.RetryPolicy{MaxAttempts: 7}})
	submit := func(input string) (model.ID, error) {
		return b.Submit(t.Context(), RunRequest{Tenant: "acme", Function: "strict", Input: json.RawMessage(input), Trigger: model.TriggerManual}, Later{})
	}
	began := time.Now()
	id, err := submit(`1`)
	require.NoError(t, err)
	_, err = submit(`"x"`)
	require.Equal(t, model.CodeInputInvalid, codeOf(t, err))
	require.Less(t, time.Since(began), 30*time.Second)
	require.Zero(t, b.lane.compiled)
	var attempts int
	require.NoError(t, b.db.Pool().QueryRow(t.Context(), "SELECT (policy->>'max_attempts')::int FROM queued_runs WHERE execution_id = $1::uuid", id.String()).Scan(&attempts))
	require.Equal(t, 7, attempts, "the function's policy")
}

// A folder that is deleted is built again, and the functions in service go on
// meanwhile.
func TestAFolderThatWasDeletedIsBuiltAgain(t *testing.T) {
	t.Parallel()
	s, c, _ := setupShop(t)
	s.with(func() {
		s.put("f")
		s.environment = model.Environment{Tenant: "acme", Number: 1}
		s.ready[1] = true
	})
	require.Equal(t, 1, siteNow(t, c))
	c.lookAfter()
	c.builds.Wait()
	require.Empty(t, s.began)
	for i, notice := range []func(){c.lookAfter, func() { c.changed("acme") }} {
		s.with(func() { s.ready[1] = false })
		notice()
		require.Equal(t, "1", version(t, c, "f"))
		c.builds.Wait()
		require.Equal(t, 1, siteNow(t, c))
		s.with(func() { require.Len(t, s.began, i+1) })
	}
}

// A function and its packages are stored together and are read together: the
// version of before does not get the packages of the next one.
func TestFunctionsAndPackagesOfOneMoment(t *testing.T) {
	t.Parallel()
	s, c, _ := setupShop(t)
	s.with(func() {
		s.put("f")
		s.environment = model.Environment{Tenant: "acme", Number: 1}
		s.ready[1], s.ready[2] = true, true
	})
	require.Equal(t, "1", version(t, c, "f"))
	s.with(func() {
		s.meanwhile = func() {
			s.put("f")
			s.environment.Number = 2
		}
	})
	c.changed("acme")
	require.Equal(t, 2, siteNow(t, c))
	require.Equal(t, "2", version(t, c, "f"))
}
