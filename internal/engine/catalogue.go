package engine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"maestro/internal/model"
	"maestro/internal/rate"
)

// catalogue knows, for each subtenant, which functions can be called at
// present, and with which packages. It holds immutable snapshots: a call reads
// one with two atomic loads and a map look-up, a change throws it away.
type catalogue struct {
	store    Store
	lane     model.Lane
	packages Packages // nil: no subtenant has any
	meter    Meter
	log      *slog.Logger
	patience time.Duration  // how long a caller waits for packages to be built
	standard model.LaneName // of subtenants without a lane of their own

	tenants sync.Map // subtenant → *shelf
	// generations numbers the sets of names over all subtenants, so that a
	// number stands for one set only.
	generations atomic.Uint64

	beginning sync.Mutex      // held while a build is begun, and by stop
	building  context.Context // of all builds; ends with stop
	cancel    context.CancelFunc
	builds    sync.WaitGroup
}

// shelf is one subtenant's part.
type shelf struct {
	tenant  string
	lane    model.Lane
	current atomic.Pointer[snapshot] // nil: must be read from the database
	changes atomic.Uint64            // counts changed calls
	gone    atomic.Bool              // forgotten: the subtenant is no more

	given  given
	output rate.Meter // of lines that children report

	loading sync.Mutex // held by the goroutine that reads the database
	// What follows is changed with loading held.
	latest atomic.Pointer[snapshot] // the last current snapshot; nil: none yet
	build  atomic.Pointer[build]    // of the packages that the newest state needs, while they are not there
}

// snapshot is a subtenant's functions with the packages that they have. While
// the packages of a newer state are not built on this server it is what can be
// run of that state without them (environment_build.go).
type snapshot struct {
	functions   map[string]*entry // and modules
	names       []string          // of functions, sorted as the store sorts them
	modules     int
	generation  uint64
	sequence    uint64            // counts the snapshots of the shelf
	stored      uint64            // sequence of the last one in which a stored module changed
	changes     uint64            // of the shelf, all of which it includes
	environment model.Environment // Number 0: without packages
	site        model.SitePackages
	lane        model.LaneName // of its calls
	paused      bool           // the subtenant
	notified    bool           // messages are sent about functions without a setting of their own

	awaited *build          // nil: this is the newest state
	newer   map[string]bool // names that only the awaited state has
}

// entry is a function or a module of a snapshot; what it takes to run it is made at the
// first call and shared by later snapshots until its version changes.
type entry struct {
	ref model.FunctionRef
	// since is the sequence of the snapshot in which the module changed for those that
	// import it: by its code, or by that of a module that it imports itself.
	since   uint64
	program *model.Program // of an entry that differed in settings only; nil: the code is compiled
	ready   atomic.Pointer[function]
	loading sync.Mutex // held by the goroutine that makes ready
}

func newCatalogue(opts Options) *catalogue {
	c := &catalogue{store: opts.Store, lane: opts.Lane, packages: opts.Packages, meter: opts.Meter, log: opts.Log, patience: opts.PackagesWait, standard: opts.DefaultLane}
	c.building, c.cancel = context.WithCancel(context.Background())
	return c
}

func (c *catalogue) shelf(tenant string) *shelf {
	if s, ok := c.tenants.Load(tenant); ok {
		return s.(*shelf)
	}
	s, _ := c.tenants.LoadOrStore(tenant, &shelf{tenant: tenant, lane: c.lane})
	return s.(*shelf)
}

func (c *catalogue) changed(tenant string) { c.shelf(tenant).changed() }

func (s *shelf) changed() {
	number := s.changes.Add(1)
	s.current.Store(nil)
	s.lane.Changed(s.tenant, number)
}

func (c *catalogue) forget(tenant string) {
	forgotten, ok := c.tenants.LoadAndDelete(tenant)
	if !ok {
		return
	}
	s := forgotten.(*shelf)
	s.gone.Store(true)
	if b := s.build.Load(); b != nil {
		b.cancel() // one that begins later finds that the shelf is gone
	}
}

// present returns the state that can be run now, from memory unless it changed.
// A build instead means that nothing can before its end.
func (c *catalogue) present(ctx context.Context, s *shelf) (*snapshot, *build, error) {
	if now := s.current.Load(); now != nil {
		return now, nil, nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	for {
		if now := s.current.Load(); now != nil {
			return now, nil, nil
		}
		// A snapshot would miss a change that is committed during the read:
		// it is dropped then, and the database is read again.
		changes := s.changes.Load()
		var next *snapshot
		last := s.latest.Load()
		refs, environment, err := c.read(ctx, s.tenant, last)
		if err != nil {
			return nil, nil, err
		}
		site, awaited := c.ensureBuilt(s, environment)
		switch {
		case awaited == nil:
			next = c.follow(last, refs)
			next.environment, next.site = environment, site
		case last != nil:
			next = c.hold(last, refs, awaited)
		case s.changes.Load() == changes:
			return nil, awaited, nil
		default:
			continue
		}
		// The setting is the newest one, even while the packages are not.
		next.lane = model.ChooseLane(environment.LaneSetting, c.standard, next.environment.Lock).Lane
		next.paused, next.notified = environment.Paused, environment.Notified
		next.changes = changes
		s.latest.Store(next)
		s.current.Store(next)
		if s.changes.Load() == changes {
			return next, nil, nil
		}
		s.current.Store(nil)
	}
}

// read returns the functions and the packages of one moment. They are stored
// together: the packages were the same before and after the functions were read.
// It costs no more than the two reads unless the packages are others than last's.
func (c *catalogue) read(ctx context.Context, tenant string, last *snapshot) (refs []model.FunctionRef, environment model.Environment, err error) {
	var known model.Environment
	if last != nil {
		known = last.environment
	}
	for {
		if refs, err = c.store.FunctionNames(ctx, tenant); err != nil {
			return nil, environment, err
		}
		if environment, err = c.environment(ctx, tenant); err != nil || sameEnvironment(environment, known) {
			return refs, environment, err
		}
		known = environment
	}
}

// follow makes the snapshot for refs, keeping the entries of last whose version
// is the same and that import nothing that changed. Its generation stays when
// the functions' names and the modules do.
func (c *catalogue) follow(last *snapshot, refs []model.FunctionRef) *snapshot {
	next := &snapshot{functions: make(map[string]*entry, len(refs)), names: make([]string, 0, len(refs)), sequence: 1}
	if last != nil {
		next.sequence, next.stored = last.sequence+1, last.stored
	}
	for _, ref := range refs {
		if ref.Kind == model.KindModule {
			next.modules++
		} else {
			next.names = append(next.names, ref.Name)
		}
		if last != nil {
			known, ok := last.functions[ref.Name]
			if ok && known.ref == ref {
				next.functions[ref.Name] = known
				continue
			}
			if ok && known.ref.VersionID == ref.VersionID {
				next.functions[ref.Name] = known.withSettings(ref, next.sequence)
				continue
			}
		}
		next.functions[ref.Name] = &entry{ref: ref, since: next.sequence}
	}
	same := last != nil && slices.Equal(last.names, next.names)
	if last != nil {
		changed, stored := changedModules(last, next)
		same = same && !stored
		renewImporters(next, changed, stored)
	}
	if same {
		next.generation = last.generation
		next.names = last.names
	} else {
		next.generation = c.generations.Add(1)
	}
	return next
}

// function returns what it takes to run a function, or an error with
// CodeFunctionNotFound or CodeFunctionIsModule. It waits for packages that the function may need; an
// error with CodeUnavailable says that they are not there in time.
func (c *catalogue) function(ctx context.Context, tenant, name string) (*function, error) {
	f, _, err := c.functionIn(ctx, tenant, name)
	return f, err
}

// functionIn is function, and says in which snapshot it is.
func (c *catalogue) functionIn(ctx context.Context, tenant, name string) (*function, *snapshot, error) {
	s := c.shelf(tenant)
	if f, now := s.ready(name); f != nil {
		return f.runnableIn(now, nil)
	}
	f, now, awaited, err := c.seek(ctx, s, name)
	if awaited == nil {
		return f.runnableIn(now, err)
	}
	limited, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	for awaited != nil {
		if err := awaited.wait(limited); err != nil {
			return nil, nil, err
		}
		f, now, awaited, err = c.seek(ctx, c.shelf(tenant), name)
	}
	return f.runnableIn(now, err)
}

// functionNow is functionIn for asynchronous runs, which can be retried: it waits
// for no packages, and answers CodeUnavailable instead.
func (c *catalogue) functionNow(ctx context.Context, tenant, name string) (*function, *snapshot, error) {
	s := c.shelf(tenant)
	if f, now := s.ready(name); f != nil {
		return f.runnableIn(now, nil)
	}
	f, now, awaited, err := c.seek(ctx, s, name)
	if awaited != nil {
		return nil, nil, errPackagesAwaited(nil)
	}
	return f.runnableIn(now, err)
}

// loaded is outline for a function that this server is likely to run soon: it is
// loaded as for a run, unless it has to wait for packages.
func (c *catalogue) loaded(ctx context.Context, tenant, name string) (*function, error) {
	s := c.shelf(tenant)
	if f, _ := s.ready(name); f != nil {
		return f.runnable()
	}
	f, _, awaited, err := c.seek(ctx, s, name)
	if awaited == nil && (err == nil || model.CodeOf(err) == model.CodeFunctionNotFound) {
		return f.runnableOr(err)
	}
	return c.outline(ctx, tenant, name)
}

// outline returns a function's metadata, without a compiled program unless there
// is one in memory. It waits for no packages, and compiles nothing.
func (c *catalogue) outline(ctx context.Context, tenant, name string) (*function, error) {
	if f, _ := c.shelf(tenant).ready(name); f != nil {
		return f.runnable()
	}
	stored, err := c.store.Function(ctx, tenant, name)
	if model.CodeOf(err) == model.CodeFunctionNotFound {
		return nil, notFound(name)
	}
	if err != nil {
		return nil, err
	}
	return outlineOf(&stored).runnable()
}

// ready returns a function of the present state that has been loaded, or nil, and
// that state.
func (s *shelf) ready(name string) (*function, *snapshot) {
	if now := s.current.Load(); now != nil {
		if known := now.functions[name]; known != nil {
			return known.ready.Load(), now
		}
	}
	return nil, nil
}

// seek is functionIn without the waiting: it returns the build instead.
func (c *catalogue) seek(ctx context.Context, s *shelf, name string) (*function, *snapshot, *build, error) {
	for {
		now, awaited, err := c.present(ctx, s)
		if now == nil {
			return nil, nil, awaited, err
		}
		known, ok := now.functions[name]
		if !ok && now.newer[name] {
			return nil, now, now.awaited, notFound(name)
		} else if !ok {
			return nil, now, nil, notFound(name)
		}
		if f := known.ready.Load(); f != nil {
			return f, now, nil, nil
		}
		f, err := c.load(ctx, s, now, known)
		var coded *model.Error
		switch {
		case err == nil:
			return f, now, nil, nil
		case errors.Is(err, errPast):
			// Another state has come: look again.
		case errors.Is(err, errReplaced) && now.awaited != nil:
			return nil, now, now.awaited, err // the version of before cannot be had any more
		case errors.Is(err, errReplaced):
			s.changed() // by a change whose notification has not arrived yet
		case errors.As(err, &coded) && coded.Code == model.CodeFunctionNotFound && s.current.Load() != now:
			// Deleted between the two reads: look again.
		default:
			return nil, now, nil, err
		}
	}
}

// errReplaced says that a function has another version than the snapshot knows.
var errReplaced = errors.New("the function has got another version")

// errPast says that a snapshot is not the present one any more.
var errPast = errors.New("the subtenant's functions have changed")

// load makes what it takes to run a function of the present state. Its code is
// going to import what that state has: an entry that is loading when the state
// changes has no part in the next one (renewImporters).
func (c *catalogue) load(ctx context.Context, s *shelf, now *snapshot, known *entry) (*function, error) {
	known.loading.Lock()
	defer known.loading.Unlock()
	if f := known.ready.Load(); f != nil {
		return f, nil
	}
	if s.current.Load() != now {
		return nil, errPast
	}
	stored, err := c.store.Function(ctx, s.tenant, known.ref.Name)
	if err != nil {
		return nil, err
	}
	if stored.VersionID != known.ref.VersionID {
		return nil, errReplaced // it may need packages that the snapshot has not
	}
	f, err := newFunction(ctx, c.lane, stored, known.program)
	if err != nil {
		return nil, err
	}
	f.sequence = now.sequence
	if c.meter != nil && f.kind != model.KindModule {
		f.meter = c.meter.Of(s.tenant, f.Name)
	}
	if stored.UpdatedAt.Equal(known.ref.UpdatedAt) && (stored.Quarantine != nil) == known.ref.Quarantined {
		known.ready.Store(f)
	}
	return f, nil
}

func notFound(name string) *model.Error {
	return model.NewError(model.CodeFunctionNotFound, "There is no function named %q. GET /api/v1/functions lists the functions.", name)
}
