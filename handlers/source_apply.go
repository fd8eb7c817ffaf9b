package handlers

import (
	"context"
	"errors"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"maestro/handlers/webhook"
	"maestro/internal/model"
	"maestro/repo"
)

type applyInput struct {
	BaseInput
	Body applyBody
}

var applyOp = huma.Operation{
	OperationID: "apply-source", Summary: "Change functions, webhooks and schedules together, all or none of them",
	Description: "All items are checked first; each fault is listed in errors with its place in the body, and then nothing changes. " +
		"What the functions require is installed before any of them becomes current. Items that are not named stay as they are.",
}

func (s *Server) applySource(ctx context.Context, in *applyInput) (*applyOutput, error) {
	call := callFrom(ctx)
	source, err := s.readSource(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	a := &application{server: s, tenant: call.tenant, by: &call.principal.Email, base: in.base, dry: in.Body.DryRun, source: source}
	for try := 1; ; try++ {
		if err = a.run(ctx); err == nil {
			break
		}
		if !errors.Is(err, repo.ErrSourceMoved) && !errors.Is(err, repo.ErrEnvironmentMoved) {
			return nil, err
		}
		if try == updateTries {
			busy := model.NewError(model.CodeUnavailable, "Other requests keep changing the same functions. Nothing was changed; try again in a moment.")
			busy.Cause = err
			return nil, busy
		}
	}
	a.finish(ctx)
	return &applyOutput{Body: a.view}, nil
}

// application is one request to apply a source.
type application struct {
	server *Server
	tenant string
	by     *string
	base   string // URL by which the client reaches the server
	dry    bool
	source *wantedSource

	stored []model.Function // that were created or changed
	view   applyView
}

// errRolledBack ends the transaction of a dry run.
var errRolledBack = errors.New("a dry run")

// run makes the changes in one transaction, after the installs that they need.
func (a *application) run(ctx context.Context) error {
	required, err := a.required(ctx)
	if err != nil {
		return err
	}
	if len(required) == 0 || a.dry {
		return a.change(ctx, nil, required, a.dry)
	}
	if err := a.change(ctx, nil, required, true); err != nil {
		return err // found before the install
	}
	ctx, end := a.server.unhurried(ctx)
	defer end()
	replaced := required
	for i := range a.source.functions {
		if f := &a.source.functions[i]; f.remove {
			replaced = append(replaced, repo.FunctionRequirements{Function: f.Name})
		}
	}
	err = a.server.opts.Packages.WithAllRequirements(ctx, a.tenant, replaced, a.by, func(ctx context.Context, change *repo.EnvironmentChange) error {
		return a.change(ctx, change, required, false)
	})
	return a.placed(err, required)
}

// required lists the functions whose requirements are new.
func (a *application) required(ctx context.Context) (all []repo.FunctionRequirements, err error) {
	for i := range a.source.functions {
		f := &a.source.functions[i]
		if len(f.Requirements) == 0 {
			continue
		}
		before, err := a.server.opts.DB.Function(ctx, a.tenant, f.Name)
		switch {
		case err == nil && slices.Equal(before.Requirements, f.Requirements):
			continue
		case err != nil && model.CodeOf(err) != model.CodeFunctionNotFound:
			return nil, err
		}
		all = append(all, repo.FunctionRequirements{Function: f.Name, Requirements: f.Requirements})
	}
	return all, nil
}

// change makes the changes, or only computes them.
func (a *application) change(ctx context.Context, packages *repo.EnvironmentChange, required []repo.FunctionRequirements, dry bool) error {
	a.stored = nil
	a.view = applyView{SubtenantID: a.tenant, DryRun: a.dry, Functions: []functionChange{}, Webhooks: []webhookChange{}, Schedules: []scheduleChange{}}
	err := a.server.opts.DB.ChangeSource(ctx, a.tenant, func(tx *repo.SourceTx) error {
		var faults sourceFaults
		puts, err := a.planFunctions(ctx, tx, &faults, required)
		if err != nil {
			return err
		}
		if err := faults.err(); err != nil {
			return err // a webhook of such a function would only repeat it
		}
		if err := tx.Packages(ctx, packages); err != nil {
			return err
		}
		for _, put := range puts {
			if err := put(); err != nil {
				return err
			}
		}
		if err := a.changeWebhooks(ctx, tx, &faults); err != nil {
			return err
		}
		if err := a.changeSchedules(ctx, tx, &faults); err != nil {
			return err
		}
		if err := faults.err(); err != nil {
			return err
		}
		if dry {
			return errRolledBack
		}
		return nil
	})
	if errors.Is(err, errRolledBack) {
		return nil
	}
	return err
}

// planFunctions compares the functions with the stored ones, which it locks, and
// returns what stores those that differ.
func (a *application) planFunctions(ctx context.Context, tx *repo.SourceTx, faults *sourceFaults, required []repo.FunctionRequirements) (puts []func() error, err error) {
	for i := range a.source.functions {
		item := &a.source.functions[i]
		before, err := tx.Function(ctx, item.Name)
		if err != nil {
			return nil, err
		}
		var have, want members
		if before != nil && before.IsActive {
			have = functionMembers(before)
		}
		f := item.Function
		if !item.remove {
			if fault := newNameFault(item.Name); fault != "" && have == nil {
				if err := faults.add(item.pointer, invalidAt("/name", "%s", fault)); err != nil {
					return nil, err
				}
			}
			if have != nil {
				keepDerived(&f, before)
				if f.Kind != before.Kind {
					if err := faults.add(item.pointer, invalidAt("/kind", "can't be changed; delete it and create it again, or create another one")); err != nil {
						return nil, err
					}
				}
			}
			want = functionMembers(&f)
			if err := faults.add(item.pointer, a.checkOwned(ctx, item, before, have != nil)); err != nil {
				return nil, err
			}
		}
		made, err := item.change("function "+item.Name, have, want)
		if err = faults.add(item.pointer, err); err != nil {
			return nil, err
		}
		view := functionChange{Name: item.Name, ItemChange: made, Warnings: []warningView{}, CalledBy: []string{}}
		if before != nil {
			view.Version = before.Version
		}
		at := len(a.view.Functions)
		a.view.Functions = append(a.view.Functions, view)
		switch made.Action {
		case "delete":
			puts = append(puts, func() error { return tx.DeleteFunction(ctx, item.Name) })
		case "create", "update":
			known := slices.ContainsFunc(required, func(r repo.FunctionRequirements) bool { return r.Function == item.Name })
			if len(f.Requirements) > 0 && !known && (have == nil || !slices.Equal(before.Requirements, f.Requirements)) {
				return nil, repo.ErrSourceMoved // they have become new
			}
			puts = append(puts, func() error {
				stored, err := tx.PutFunction(ctx, before, f, a.by)
				a.view.Functions[at].Version = stored.Version
				a.stored = append(a.stored, stored)
				return err
			})
		}
	}
	return puts, nil
}

// checkOwned compares the members of an item that the server sets with the
// stored ones.
func (a *application) checkOwned(ctx context.Context, item *wantedFunction, before *model.Function, active bool) error {
	if !active {
		if problems := item.fields.ownedProblems(nil); len(problems) > 0 {
			return invalid(problems...)
		}
		return nil
	}
	fields := *item.fields
	if err := a.server.checkSeen(ctx, a.tenant, item.Name, &fields); err != nil {
		return err
	}
	stored := viewFunction(*before)
	if problems := fields.ownedProblems(&stored); len(problems) > 0 {
		return invalid(problems...)
	}
	return nil
}

// change decides what becomes of an item; nil members stand for none.
func (w *wanted) change(name string, have, want members) (made ItemChange, err error) {
	made.Action, made.Changes = "unchanged", []string{}
	if want != nil {
		digest := want.digest()
		made.Digest = &digest
	}
	changes := want.changes(have)
	if len(changes) == 0 {
		return made, nil
	}
	switch base := w.base; {
	case base.Null && have != nil:
		return made, changedSince(name, "is there by now")
	case base.given() && have == nil:
		return made, changedSince(name, "was deleted")
	case base.given() && base.Value != have.digest():
		return made, changedSince(name, "was changed")
	}
	switch {
	case want == nil:
		made.Action = "delete"
	case have == nil:
		made.Action = "create"
	default:
		made.Action, made.Changes = "update", changes
	}
	return made, nil
}

func changedSince(name, event string) error {
	e := model.NewError(model.CodeVersionMismatch, "The %s %s since the state that base names; read it again, merge, and repeat the request.", name, event)
	e.Problems = []model.Problem{{Pointer: "/base", Message: "the " + name + " " + event}}
	return e
}

func (a *application) webhookURL(path string) string { return a.base + webhook.Prefix + path }
