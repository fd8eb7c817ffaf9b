package handlers

import (
	"context"
	"log/slog"
	"slices"

	"maestro/internal/model"
	"maestro/repo"
)

// viewFunctions shows functions with their callers.
func (s *Server) viewFunctions(ctx context.Context, tenant string, functions []model.Function) ([]functionView, error) {
	names := make([]string, len(functions))
	for i := range functions {
		names[i] = functions[i].Name
	}
	users, err := s.usersOf(ctx, tenant, names)
	if err != nil {
		return nil, err
	}
	views := make([]functionView, len(functions))
	for i := range functions {
		views[i] = viewFunction(functions[i])
		views[i].CalledBy = callersOf(users, &functions[i])
	}
	return views, nil
}

// viewOne shows a function with its callers.
func (s *Server) viewOne(ctx context.Context, f model.Function) (functionView, error) {
	views, err := s.viewFunctions(ctx, f.Tenant, []model.Function{f})
	if err != nil {
		return functionView{}, err
	}
	return views[0], nil
}

// viewSaved shows a function that was just saved, with its warnings. A failure
// to find them is no error, because the function is stored.
func (s *Server) viewSaved(ctx context.Context, f model.Function) functionView {
	view := viewFunction(f)
	view.Warnings = []warningView{}
	found, err := s.opts.Engine.Inspect(ctx, &f)
	if err == nil {
		view.Warnings = viewWarnings(found.Warnings)
		err = s.opts.DB.NoteNames(ctx, f.Tenant, f.VersionID, &found)
	}
	var users []repo.UsedNames
	if err == nil {
		users, err = s.usersOf(ctx, f.Tenant, []string{f.Name})
	}
	if err != nil {
		s.opts.Log.Warn("a function was saved, but its warnings and callers could not be read", slog.String("tenant", f.Tenant), slog.String("function", f.Name), slog.Any("error", err))
		return view
	}
	view.CalledBy = callersOf(users, &f)
	return view
}

func viewWarnings(warnings []model.Warning) []warningView {
	views := make([]warningView, len(warnings))
	for i, w := range warnings {
		views[i] = warningView(w)
	}
	return views
}

// callersOf names the functions and modules that call f, or import it.
func callersOf(users []repo.UsedNames, f *model.Function) []string {
	callers := []string{}
	for i := range users {
		used := users[i].Uses
		if f.Kind == model.KindModule {
			used = users[i].Imports
		}
		if slices.Contains(used, f.Name) {
			callers = append(callers, users[i].Function)
		}
	}
	return callers
}

// usersOf returns the functions and modules that use any of the names. Code
// saved by an earlier version of the server, which did not record the names that
// code uses, is inspected now.
func (s *Server) usersOf(ctx context.Context, tenant string, names []string) ([]repo.UsedNames, error) {
	users, err := s.opts.DB.UsersOf(ctx, tenant, names)
	if err != nil {
		return nil, err
	}
	for i := range users {
		used := &users[i]
		if used.Read {
			continue
		}
		found, err := s.readNames(ctx, tenant, used.Function, used.VersionID)
		if err != nil {
			return nil, err
		}
		used.Uses, used.Imports = found.Uses, found.Imports
	}
	return users, nil
}

// readNames inspects the stored code of a version, and notes its names.
func (s *Server) readNames(ctx context.Context, tenant, function string, version model.ID) (found model.Inspection, err error) {
	code, err := s.opts.DB.VersionCode(ctx, tenant, version)
	if err != nil {
		return found, err
	}
	found, err = s.opts.Engine.Inspect(ctx, &model.Function{Tenant: tenant, Name: function, Code: code})
	switch {
	case err == nil:
	case ctx.Err() != nil || model.CodeOf(err) == model.CodeUnavailable:
		return found, err // no code can be inspected now
	default: // this code never can be: it is recorded as using no name
		s.opts.Log.Warn("the code of a function cannot be inspected for the names that it uses", slog.String("tenant", tenant), slog.String("function", function), slog.Any("error", err))
		found = model.Inspection{}
	}
	return found, s.opts.DB.NoteNames(ctx, tenant, version, &found)
}
