package engine

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// Blames keeps which functions have ended the processes that ran them.
type Blames interface {
	BlameFunction(ctx context.Context, blame repo.Blame) (repo.Blamed, error)
}

// blameWait bounds how long an answer waits for a blame: after the third one the next
// call is refused.
const blameWait = 5 * time.Second

// blame blames the function whose code has ended the process of a run that has ended:
// of the outer one and its siblings the innermost.
func (r *run) blame(failure *model.Failure) {
	if failure == nil || failure.Crash == nil || r.engine.opts.Blames == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), blameWait)
	defer cancel()
	blamed, err := r.engine.opts.Blames.BlameFunction(ctx, repo.Blame{
		Tenant: r.request.Tenant, Versions: r.culprits(failure.Crash), ExecutionID: r.id, Cause: failure.Crash.Cause,
	})
	log := r.engine.opts.Log.With(slog.String("tenant", r.request.Tenant), slog.Any("execution_id", r.id))
	switch {
	case err != nil:
		log.Error("a function that has ended its process can't be blamed", slog.Any("error", err))
	case blamed.Quarantined:
		log.Warn("a function is quarantined: its code has ended its process repeatedly. Its calls are refused until it is changed or released",
			slog.String("function", blamed.Function.Name), slog.Int("version", blamed.Function.Number))
		r.shelf.changed() // also when the database's word of it comes late
	}
}

// culprits are the versions that may be blamed: those on the stack, then that of the
// step that was under way, then the function itself.
func (r *run) culprits(crash *model.Crash) []model.NamedVersion {
	versions := slices.Clone(crash.Versions)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.steps {
		if s != nil && r.through != nil && s.id == r.through.StepID {
			versions = append(versions, model.NamedVersion{Name: s.function.Name, Number: s.function.Version})
		}
	}
	return append(versions, model.NamedVersion{Name: r.function.Name, Number: r.function.Version})
}
