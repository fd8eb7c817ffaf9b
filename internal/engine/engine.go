package engine

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"maestro/internal/events"
	"maestro/internal/journal"
	"maestro/internal/model"
	"maestro/internal/secrets"
)

// Store is what the engine reads of the database.
type Store interface {
	// FunctionNames lists the subtenant's active functions.
	FunctionNames(ctx context.Context, tenant string) ([]model.FunctionRef, error)
	// Function returns an active function with its current version, or an
	// error with CodeFunctionNotFound.
	Function(ctx context.Context, tenant, name string) (model.Function, error)
	// FunctionVersion returns a version of a function, or an error with
	// CodeVersionNotFound.
	FunctionVersion(ctx context.Context, tenant, name string, version int) (model.FunctionVersion, error)
	// Environment returns the subtenant's current packages, with the setting of its
	// lane; Number is 0 when there are none.
	Environment(ctx context.Context, tenant string) (model.Environment, error)
}

// Secrets keeps what functions may read and records must not show.
type Secrets interface {
	// Of returns the subtenant's secrets as they are now. It costs next to
	// nothing unless they changed.
	Of(ctx context.Context, tenant string) (*secrets.Set, error)
	// Forget drops the secrets of a deleted subtenant.
	Forget(tenant string)
}

// Recorder writes what happened.
type Recorder interface {
	// Admit returns the error by which a run is refused because its record could
	// not be written now, or nil. It waits for nothing.
	Admit() error
	// Finish returns once the record is where the answer says. Unsaved is that of
	// a ctx that ends first; the record is written all the same when it can be.
	Finish(ctx context.Context, record *model.Record) model.Kept
	// Steps writes steps of a run that goes on, as Record.StepsOnly says, and
	// returns as Finish does. The slice of the steps is the caller's again then, unless ctx has ended.
	Steps(ctx context.Context, part *model.Record) model.Kept
	// Running notes a run that takes long. A Finish of the same id wins.
	Running(execution *model.Execution)
}

// Publisher takes the events of the live log. It never blocks and never fails.
type Publisher interface {
	Publish(event events.Event)
}

// Meter gives out what counts runs.
type Meter interface {
	// Of returns what counts the runs of a function. It is asked when the function
	// is loaded.
	Of(tenant, function string) model.RunMeter
}

type noMeter struct{}

func (noMeter) Of(string, string) model.RunMeter { return model.NoMeter{} }

// Options of an Engine. All but Packages, Journal, Blames, Meter, Tracer and the durations must be set.
type Options struct {
	Store    Store
	Secrets  Secrets
	Recorder Recorder
	Events   Publisher
	Lane     model.Lane
	Packages Packages // nil: no subtenant has any
	Queue    Queue
	Inputs   Seal             // of queued runs
	Journal  *journal.Journal // nil: a crash leaves no trace of short runs
	Blames   Blames           // nil: no function is blamed for what it does to its process
	Meter    Meter
	Tracer   model.Tracer // nil: there are no traces
	Log      *slog.Logger

	DefaultLane model.LaneName // DEFAULT_LANE: of subtenants whose own setting is auto; empty: as LaneAuto

	Timeout      time.Duration // FUNCTION_TIMEOUT: of a function that names none
	MaxSteps     int           // sibling calls of one execution; default 100,000
	RunningAfter time.Duration // a run that takes longer is written as running, and so often its steps that have ended; default 250 ms
	RecordWait   time.Duration // how long an answer waits for its record, if neither database nor disk takes it; default 60 s
	SubmitWait   time.Duration // how long it is tried to find out whether a run was stored; default 20 s
	PackagesWait time.Duration // how long a run waits for packages that this server has yet to build; default 60 s
}

// Engine runs functions. Its methods may be called from any goroutine.
type Engine struct {
	opts      Options
	catalogue *catalogue
	limits    limits

	collecting    atomic.Bool // garbage, for a run of many steps
	fewProcessors bool        // a run of many steps would occupy all

	mu       sync.Mutex // guards what follows
	runs     map[model.ID]*run
	early    map[model.ID]time.Time // cancelled before they began here, and when
	draining bool
	empty    chan struct{} // closed when draining and the last run ended
}

// New makes an Engine. Nothing runs before the first Run.
func New(opts Options) *Engine {
	if opts.Timeout == 0 {
		opts.Timeout = 300 * time.Second
	}
	if opts.RunningAfter == 0 {
		opts.RunningAfter = 250 * time.Millisecond
	}
	if opts.MaxSteps == 0 {
		opts.MaxSteps = 100_000
	}
	if opts.RecordWait == 0 {
		opts.RecordWait = time.Minute
	}
	if opts.SubmitWait == 0 {
		opts.SubmitWait = 20 * time.Second
	}
	if opts.PackagesWait == 0 {
		opts.PackagesWait = time.Minute
	}
	if opts.Meter == nil {
		opts.Meter = noMeter{}
	}
	return &Engine{
		opts:          opts,
		catalogue:     newCatalogue(opts),
		runs:          map[model.ID]*run{},
		early:         map[model.ID]time.Time{},
		empty:         make(chan struct{}),
		fewProcessors: runtime.GOMAXPROCS(0) < several,
	}
}

// FunctionsChanged is called after each commit that changed a subtenant's
// functions: the very next call sees the new state, also from a run under way.
func (e *Engine) FunctionsChanged(tenant string) { e.catalogue.changed(tenant) }

// PackagesChanged is called after each commit that changed a subtenant's
// packages or the setting of its lane: the next calls find the new ones, as soon as
// they are built on this server, and run in the lane that is due then.
func (e *Engine) PackagesChanged(tenant string) {
	e.catalogue.changed(tenant)
	e.catalogue.prepare(tenant)
}

// LookAfterPackages rebuilds the folders of packages that were built here and have
// been deleted since. Call it periodically.
func (e *Engine) LookAfterPackages() { e.catalogue.lookAfter() }

// PackagesProblems lists the subtenants whose packages could not be built on
// this server, by name. They are tried again.
func (e *Engine) PackagesProblems() []PackagesProblem { return e.catalogue.problems() }

// SitesInUse returns the folders of packages that a run under way uses, or that
// the next one may use. A folder that is neither here nor in use in the lane, and
// does not belong to a current environment, is never asked for again.
func (e *Engine) SitesInUse() map[string]bool {
	sites := map[string]bool{}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.runs {
		sites[r.packages().Path] = true
	}
	e.catalogue.tenants.Range(func(_, value any) bool {
		if latest := value.(*shelf).latest.Load(); latest != nil {
			sites[latest.site.Path] = true
		}
		return true
	})
	delete(sites, "") // of those without packages
	return sites
}

// TenantGone is called after a subtenant was deleted: its runs are cancelled,
// its interpreter ends.
func (e *Engine) TenantGone(tenant string) {
	e.catalogue.forget(tenant) // no run of it is admitted from now on
	e.mu.Lock()
	for _, r := range e.runs {
		if r.request.Tenant == tenant {
			r.stop(subtenantDeleted)
		}
	}
	e.mu.Unlock()
	e.opts.Secrets.Forget(tenant)
	e.opts.Lane.Forget(tenant)
	if e.opts.Packages != nil {
		e.opts.Packages.Forget(tenant)
	}
}

// Cancel asks a run to stop. cancelled is false when no such run of the
// subtenant is under way here, or when this attempt of it is over already;
// queued says that the run is asynchronous.
func (e *Engine) Cancel(tenant string, id model.ID) (cancelled, queued bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, ok := e.runs[id]
	if !ok || r.request.Tenant != tenant {
		return false, false
	}
	return r.stop(cancelRequested), r.asynchronous()
}

// Active is the number of runs under way.
func (e *Engine) Active() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.runs)
}

// Drain refuses new runs and waits for those under way; asynchronous runs that
// wait for a thread are released to other servers. When ctx ends it stops the runs
// that are left and waits for their records; a run answers a stop at once, even
// if its Python code does not.
func (e *Engine) Drain(ctx context.Context) {
	e.mu.Lock()
	if !e.draining {
		e.draining = true
		if len(e.runs) == 0 {
			close(e.empty)
		}
		for _, r := range e.runs {
			r.release()
		}
	}
	e.mu.Unlock()
	e.catalogue.stop() // a run that waits for packages would be refused after that
	defer e.catalogue.builds.Wait()
	select {
	case <-e.empty:
		return
	case <-ctx.Done():
	}
	e.mu.Lock()
	for _, r := range e.runs {
		r.stop(serverStops)
	}
	e.mu.Unlock()
	<-e.empty
}

// Admit returns the error that refuses a call now, before it begins, or nil.
func (e *Engine) Admit() error { return e.opts.Recorder.Admit() }

// admit notes that a run begins, unless its record could not be written, the
// server is about to stop or the subtenant is no more.
func (e *Engine) admit(r *run) error {
	if err := e.Admit(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.draining:
		return stopping()
	case r.shelf.gone.Load():
		return notFound(r.function.Name)
	}
	r.view = r.shelf.latest.Load()
	e.runs[r.id] = r
	if len(e.early) > 0 && e.wasCancelled(r.id) {
		r.stop(cancelRequested)
	}
	return nil
}

// stopRetry is after how long another server, or this one after its restart, is
// likely to accept the call.
const stopRetry = 2 * time.Second

func stopping() *model.Error {
	err := model.NewError(model.CodeUnavailable, "The server is stopping and accepts no new calls; nothing ran. Try again in a moment.")
	err.RetryAfter = stopRetry
	return err
}

// remove takes a run that is over from those under way.
func (e *Engine) remove(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.runs, r.id)
	if e.draining && len(e.runs) == 0 {
		close(e.empty)
	}
}
