package engine

import (
	"fmt"
	"log/slog"

	"maestro/internal/calltree"
	"maestro/internal/model"
)

// Lookup implements model.Host.
func (r *run) Lookup(name string) (*model.Program, *model.Raise) {
	f, raise := r.sibling(name)
	if raise != nil {
		return nil, raise
	}
	return f.Program, nil
}

func (r *run) sibling(name string) (*function, *model.Raise) {
	if f, now := r.shelf.ready(name); f != nil && f.kind != model.KindModule {
		return r.fitting(f, now)
	}
	// It does not wait for packages that are being built: they would be of no
	// use to an interpreter that has others.
	f, now, _, err := r.engine.catalogue.seek(r.ctx, r.shelf, name)
	switch {
	case f != nil && f.kind != model.KindModule:
		return r.fitting(f, now)
	case f != nil || model.CodeOf(err) == model.CodeFunctionNotFound:
		return nil, calltree.NotDefined(name)
	default:
		r.engine.opts.Log.Error("a sibling can't be loaded", slog.String("tenant", r.request.Tenant), slog.Any("execution_id", r.id), slog.String("function", name), slog.Any("error", err))
		return nil, calltree.NotLoaded(name)
	}
}

// fitting returns f, a function of the snapshot now, unless it is switched off or quarantined, or the
// former one, if the run has classes of that (former). If it requires packages that have
// changed since the run began, it is the version from then: the run goes on
// with the modules that it has loaded.
func (r *run) fitting(f *function, now *snapshot) (*function, *model.Raise) {
	if f.off {
		return nil, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("the function %s is switched off (its is_active is false)", f.Name)}
	}
	if f.quarantine != "" {
		return nil, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("the function %s is quarantined: %s", f.Name, f.quarantine)}
	}
	if f.kind != model.KindModule { // an interpreter has one version of a stored module only
		f, now = r.former(f, now)
	}
	if now == r.view || r.view == nil || sameEnvironment(now.environment, r.view.environment) || f.findsTheSame(now, r.view) {
		return f, nil
	}
	if known := r.view.functions[f.Name]; known != nil {
		if former := known.ready.Load(); former != nil {
			return former, nil
		}
	}
	return nil, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("the function %s requires packages that were installed after this execution had begun", f.Name)}
}

// findsTheSame reports whether what f requires is the same in two snapshots.
func (f *function) findsTheSame(a, b *snapshot) bool {
	for _, needed := range f.lock {
		in, other := a.environment.Lock.Find(needed.Name), b.environment.Lock.Find(needed.Name)
		if (in == nil) != (other == nil) || in != nil && in.SHA256 != other.SHA256 {
			return false
		}
	}
	return true
}

// Module implements model.Host.
func (r *run) Module(name string) (*model.Program, *model.Raise) {
	f, raise := r.module(name)
	if f == nil {
		return nil, raise
	}
	return f.Program, nil
}

// module finds a stored module; nil without a Raise says that there is none.
func (r *run) module(name string) (*function, *model.Raise) {
	f, now := r.shelf.ready(name)
	if f == nil {
		var err error
		// As for a sibling, packages that are being built are of no use to it.
		f, now, _, err = r.engine.catalogue.seek(r.ctx, r.shelf, name)
		switch {
		case f != nil:
		case model.CodeOf(err) == model.CodeFunctionNotFound:
			return nil, nil
		default:
			r.engine.opts.Log.Error("a module can't be loaded", slog.String("tenant", r.request.Tenant), slog.Any("execution_id", r.id), slog.String("module", name), slog.Any("error", err))
			return nil, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("the module %s can't be loaded at the moment", name)}
		}
	}
	if f.kind != model.KindModule {
		return nil, nil
	}
	return r.fitting(f, now)
}

// Siblings implements model.Host. When the database can't be read, the lane keeps
// its names: generation 0 says that there is no news.
func (r *run) Siblings() ([]string, uint64) {
	now, _, err := r.engine.catalogue.present(r.ctx, r.shelf)
	if now == nil || err != nil {
		return nil, 0
	}
	return now.names, now.generation
}

// Generation implements model.Host.
func (r *run) Generation() uint64 {
	_, generation := r.Siblings()
	return generation
}
