package engine

import "maestro/internal/model"

var _ model.RemoteHost = (*run)(nil)

// Frame implements model.RemoteHost.
func (r *run) Frame() model.RunFrame {
	frame := model.RunFrame{
		ExecutionID: r.id, Subtenant: r.request.Tenant, Trigger: r.request.Trigger, Attempt: r.attempt,
		MaxSteps: r.engine.opts.MaxSteps, Stream: r.request.Stream, Changes: r.shelf.changes.Load(),
	}
	if now := r.shelf.current.Load(); now != nil {
		frame.Generation, frame.Changes = now.generation, now.changes
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	frame.Deadline, frame.Span = r.deadline, r.span
	return frame
}

// Resolve implements model.Resolver.
func (r *run) Resolve(name string) (model.Resolved, *model.Raise) {
	f, raise := r.sibling(name)
	if raise != nil {
		return model.Resolved{}, raise
	}
	r.shelf.given.note(f, r.shelf.current.Load())
	return r.resolved(f), nil
}

// ResolveModule implements model.Resolver.
func (r *run) ResolveModule(name string) (model.Resolved, *model.Raise) {
	now := r.shelf.current.Load()
	f, raise := r.module(name)
	if raise != nil {
		return model.Resolved{}, raise
	}
	if f == nil {
		if now == nil {
			return model.Resolved{OfRun: true}, nil
		}
		return model.Resolved{AsOf: now.changes}, nil
	}
	return r.resolved(f), nil
}

// resolved says how long it holds that a name stands for f.
func (r *run) resolved(f *function) model.Resolved {
	resolved := model.Resolved{Program: f.Program, Input: f.inputSchema, Output: f.outputSchema, OfRun: true}
	if now := r.shelf.current.Load(); now != nil {
		resolved.AsOf = now.changes
		if known := now.functions[f.Name]; known != nil && known.ready.Load() == f {
			resolved.OfRun = false
		}
	}
	return resolved
}

// ResolveNames implements model.Resolver.
func (r *run) ResolveNames() model.ResolvedNames {
	now, _, err := r.engine.catalogue.present(r.ctx, r.shelf)
	if now == nil || err != nil {
		return model.ResolvedNames{}
	}
	return model.ResolvedNames{Names: now.names, Generation: now.generation, AsOf: now.changes}
}
