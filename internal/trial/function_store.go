package trial

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"maestro/internal/engine"
	"maestro/internal/model"
)

// subtenant is the one whose functions are tested.
const subtenant = "tests"

// store holds the functions, as the database does on a server.
type store struct {
	site string // the folder of packages; empty: none
	made time.Time

	mu        sync.Mutex                // guards what follows
	functions map[string]model.Function // as they are stored at present
	originals map[string]model.Function // of the folder
}

var (
	_ engine.Store    = (*store)(nil)
	_ engine.Packages = (*store)(nil)
)

func newStore(site string, all []model.Function) *store {
	s := &store{site: site, made: time.Now(), functions: map[string]model.Function{}, originals: map[string]model.Function{}}
	for _, f := range all {
		s.functions[f.Name], s.originals[f.Name] = f, f
	}
	return s
}

// FunctionNames implements engine.Store.
func (s *store) FunctionNames(context.Context, string) ([]model.FunctionRef, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refs := make([]model.FunctionRef, 0, len(s.functions))
	for _, name := range slices.Sorted(maps.Keys(s.functions)) {
		f := s.functions[name]
		refs = append(refs, model.FunctionRef{ID: f.ID, Name: name, Kind: f.Kind, Version: f.Version, VersionID: f.VersionID, UpdatedAt: f.UpdatedAt})
	}
	return refs, nil
}

// Function implements engine.Store.
func (s *store) Function(_ context.Context, _, name string) (model.Function, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, there := s.functions[name]
	if !there {
		return f, model.NewError(model.CodeFunctionNotFound, "There is no function named %q in the folder.", name)
	}
	return f, nil
}

// FunctionVersion implements engine.Store: a folder has no earlier versions.
func (s *store) FunctionVersion(_ context.Context, _, name string, version int) (model.FunctionVersion, error) {
	return model.FunctionVersion{}, model.NewError(model.CodeVersionNotFound, "A folder has no version %d of %q.", version, name)
}

// environment is the number of the packages: there is one set of them.
const environment = 1

// Environment implements engine.Store.
func (s *store) Environment(context.Context, string) (model.Environment, error) {
	if s.site == "" {
		return model.Environment{}, nil
	}
	return model.Environment{Tenant: subtenant, Number: environment, CreatedAt: s.made}, nil
}

// Ready implements engine.Packages.
func (s *store) Ready(model.Environment) (model.SitePackages, bool) { return s.packages(), true }

// Build implements engine.Packages.
func (s *store) Build(context.Context, model.Environment) (model.SitePackages, error) {
	return s.packages(), nil
}

// Forget implements engine.Packages.
func (s *store) Forget(string) {}

func (s *store) packages() model.SitePackages {
	if s.site == "" {
		return model.SitePackages{}
	}
	return model.SitePackages{Number: environment, Path: s.site}
}

// replace stores code in place of a function's, which keeps its schemas and settings. One
// that the folder does not have accepts anything.
func (s *store) replace(name, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, there := s.originals[name]
	if !there {
		f = model.Function{ID: model.NewID(), Tenant: subtenant, Name: name, Kind: model.KindFunction, IsActive: true}
	}
	now := time.Now()
	f.Code, f.Version, f.VersionID, f.UpdatedAt, f.Off = code, doubleVersion, model.NewIDAt(now), now, false
	s.functions[name] = f
}

// doubleVersion is the version of what stands in for a function.
const doubleVersion = 2

// restore brings back the function of the folder.
func (s *store) restore(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, there := s.originals[name]; there {
		s.functions[name] = f
	} else {
		delete(s.functions, name)
	}
}
