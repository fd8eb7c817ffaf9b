package handlers

import (
	"context"
	"fmt"
	"slices"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// maxRequirements bounds what one function may require.
const maxRequirements = 100

// readRequirements brings requirements into their one form.
func readRequirements(texts []string) (all []string, problems []model.Problem) {
	if len(texts) > maxRequirements {
		return nil, []model.Problem{{Pointer: "/requirements", Message: fmt.Sprintf("a function can require %d packages at most", maxRequirements)}}
	}
	for i, text := range texts {
		r, err := requirement.Parse(text)
		if err != nil {
			problems = append(problems, model.Problem{Pointer: fmt.Sprintf("/requirements/%d", i), Message: err.Error()})
			continue
		}
		if !slices.Contains(all, r.Text) {
			all = append(all, r.Text)
		}
	}
	return all, problems
}

// checkNameFree refuses a name that is taken before anything is installed for
// it.
func (s *Server) checkNameFree(ctx context.Context, tenant string, f model.Function) error {
	if len(f.Requirements) == 0 {
		return nil // storing finds out
	}
	return s.opts.DB.CheckNameFree(ctx, tenant, f.Name)
}

// updateWanted is what a function becomes by an update that changes what it
// requires, checked before anything is installed. An update that doesn't wants
// nothing of the packages.
func (s *Server) updateWanted(ctx context.Context, tenant string, in *functionUpdateInput, ifVersion *int) (model.Function, error) {
	if !in.Body.Requirements.given() || len(in.Body.Requirements.Value) == 0 {
		return model.Function{}, nil
	}
	f, err := s.opts.DB.Function(ctx, tenant, in.Name)
	if err != nil {
		return model.Function{}, err
	}
	if ifVersion != nil && *ifVersion != f.Version {
		return model.Function{}, nil // storing says so
	}
	before := f.Requirements
	if err := s.applyUpdate(ctx, in, &f); err != nil {
		return model.Function{}, err
	}
	if slices.Equal(before, f.Requirements) {
		return model.Function{}, nil
	}
	return f, nil
}

// unhurried is the context of a request without the time that requests have:
// whoever changes packages waits for them, and the manager knows how long that
// may take. It ends with the server.
func (s *Server) unhurried(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unlink := context.AfterFunc(s.opts.Context, cancel)
	return ctx, func() { unlink(); cancel() }
}

// withRequirements has store store a function: at once when it requires
// nothing, else together with the packages that it requires.
func (s *Server) withRequirements(ctx context.Context, tenant string, f model.Function, restore model.Lock, by *string,
	store func(ctx context.Context, change *repo.EnvironmentChange, lock model.Lock) error,
) error {
	if len(f.Requirements) == 0 {
		return store(ctx, nil, nil)
	}
	ctx, end := s.unhurried(ctx)
	defer end()
	return s.opts.Packages.WithRequirements(ctx, tenant, f.Name, f.Requirements, restore, by, store)
}
