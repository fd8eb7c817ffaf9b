package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"maestro/internal/model"
)

// catalogue knows, for each subtenant, which functions can be called at
// present. It holds immutable snapshots: a call reads one with two atomic
// loads and a map look-up, a change throws it away.
type catalogue struct {
	store   Store
	lane    model.Lane
	tenants sync.Map // subtenant → *shelf
	// generations numbers the sets of names over all subtenants, so that a
	// number stands for one set only.
	generations atomic.Uint64
}

// shelf is one subtenant's part.
type shelf struct {
	tenant  string
	current atomic.Pointer[snapshot] // nil: must be read from the database
	changes atomic.Uint64            // counts changed calls

	loading sync.Mutex // held by the goroutine that reads the database
	last    *snapshot  // guarded by loading: what was current before the change
}

type snapshot struct {
	functions  map[string]*entry
	names      []string // sorted as the store sorts them
	generation uint64
}

// entry is a function of a snapshot; what it takes to run it is made at the
// first call and shared by later snapshots until its version changes.
type entry struct {
	ref     model.FunctionRef
	ready   atomic.Pointer[function]
	loading sync.Mutex
}

func newCatalogue(store Store, lane model.Lane) *catalogue {
	return &catalogue{store: store, lane: lane}
}

func (c *catalogue) shelf(tenant string) *shelf {
	if s, ok := c.tenants.Load(tenant); ok {
		return s.(*shelf)
	}
	s, _ := c.tenants.LoadOrStore(tenant, &shelf{tenant: tenant})
	return s.(*shelf)
}

func (c *catalogue) changed(tenant string) {
	s := c.shelf(tenant)
	s.changes.Add(1)
	s.current.Store(nil)
}

func (c *catalogue) forget(tenant string) { c.tenants.Delete(tenant) }

// snapshot returns the present state, from memory unless it changed.
func (c *catalogue) snapshot(ctx context.Context, tenant string) (*snapshot, error) {
	s := c.shelf(tenant)
	if now := s.current.Load(); now != nil {
		return now, nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	for {
		if now := s.current.Load(); now != nil {
			return now, nil
		}
		// A change during the read would be missed by what was read: such a
		// snapshot is used for nobody, and the database is asked again.
		changes := s.changes.Load()
		refs, err := c.store.FunctionNames(ctx, tenant)
		if err != nil {
			return nil, err
		}
		next := c.follow(s.last, refs)
		s.last = next
		s.current.Store(next)
		if s.changes.Load() == changes {
			return next, nil
		}
		s.current.Store(nil)
	}
}

// follow makes the snapshot for refs, keeping the entries of last whose
// version is the same, and its generation when the names are.
func (c *catalogue) follow(last *snapshot, refs []model.FunctionRef) *snapshot {
	next := &snapshot{functions: make(map[string]*entry, len(refs)), names: make([]string, len(refs))}
	same := last != nil && len(last.names) == len(refs)
	for i, ref := range refs {
		next.names[i] = ref.Name
		same = same && last.names[i] == ref.Name
		if last != nil {
			if known, ok := last.functions[ref.Name]; ok && known.ref == ref {
				next.functions[ref.Name] = known
				continue
			}
		}
		next.functions[ref.Name] = &entry{ref: ref}
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
// CodeFunctionNotFound.
func (c *catalogue) function(ctx context.Context, tenant, name string) (*function, error) {
	for {
		now, err := c.snapshot(ctx, tenant)
		if err != nil {
			return nil, err
		}
		known, ok := now.functions[name]
		if !ok {
			return nil, notFound(name)
		}
		if f := known.ready.Load(); f != nil {
			return f, nil
		}
		f, err := c.load(ctx, tenant, known)
		if err == nil {
			return f, nil
		}
		// Deleted, or replaced, between the two reads: look again, unless the
		// snapshot is still the present one.
		var coded *model.Error
		if errors.As(err, &coded) && coded.Code == model.CodeFunctionNotFound && c.shelf(tenant).current.Load() != now {
			continue
		}
		return nil, err
	}
}

func (c *catalogue) load(ctx context.Context, tenant string, known *entry) (*function, error) {
	known.loading.Lock()
	defer known.loading.Unlock()
	if f := known.ready.Load(); f != nil {
		return f, nil
	}
	stored, err := c.store.Function(ctx, tenant, known.ref.Name)
	if err != nil {
		return nil, err
	}
	f, err := newFunction(ctx, c.lane, stored)
	if err != nil {
		return nil, err
	}
	if stored.VersionID == known.ref.VersionID && stored.UpdatedAt.Equal(known.ref.UpdatedAt) {
		known.ready.Store(f)
	}
	return f, nil
}

func notFound(name string) *model.Error {
	return model.NewError(model.CodeFunctionNotFound, "There is no function named %q. GET /api/v1/functions lists those there are.", name)
}
