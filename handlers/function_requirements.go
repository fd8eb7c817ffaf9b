package handlers

import (
	"context"
	"fmt"
	"slices"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// maxRequirements is how many packages a function may require.
const maxRequirements = 100

// readRequirements normalises requirements.
func readRequirements(texts []string) (all []string, problems []model.Problem) {
	if len(texts) > maxRequirements {
		return nil, []model.Problem{{Pointer: "/requirements", Message: fmt.Sprintf("must name at most %d packages", maxRequirements)}}
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

// checkNameFree refuses a name that is taken before packages are installed.
func (s *Server) checkNameFree(ctx context.Context, tenant string, f model.Function) error {
	if len(f.Requirements) == 0 {
		return nil // checked when it is stored
	}
	return s.opts.DB.CheckNameFree(ctx, tenant, f.Name)
}

// updateWanted is the function after an update that changes its requirements,
// checked before packages are installed. It is empty for other updates.
func (s *Server) updateWanted(ctx context.Context, tenant string, in *functionUpdateInput, ifVersion *int) (model.Function, error) {
	if !in.Body.Requirements.given() || len(in.Body.Requirements.Value) == 0 {
		return model.Function{}, nil
	}
	f, err := s.opts.DB.Function(ctx, tenant, in.Name)
	if err != nil {
		return model.Function{}, err
	}
	if ifVersion != nil && *ifVersion != f.Version {
		return model.Function{}, nil // refused when it is stored
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

// unhurried is the context of a request without its time limit, for changes of
// packages: the package manager has its own limits. It ends with the server.
func (s *Server) unhurried(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unlink := context.AfterFunc(s.opts.Context, cancel)
	return ctx, func() { unlink(); cancel() }
}

// withRequirements calls store to store a function: at once when it has no
// requirements, otherwise together with the packages that it requires.
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
