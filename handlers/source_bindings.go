package handlers

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// changeWebhooks removes webhooks first: another one may take the place.
func (a *application) changeWebhooks(ctx context.Context, tx *repo.SourceTx, faults *sourceFaults) error {
	all := make([]webhookChange, len(a.source.webhooks))
	for _, removing := range []bool{true, false} {
		for i := range a.source.webhooks {
			item := &a.source.webhooks[i]
			if item.remove != removing {
				continue
			}
			view, err := a.changeWebhook(ctx, tx, item)
			if err := faults.add(item.pointer, functionOfBody(err, item.FunctionName)); err != nil {
				return err
			}
			all[i] = view
		}
	}
	a.view.Webhooks = all
	return nil
}

func (a *application) changeWebhook(ctx context.Context, tx *repo.SourceTx, item *wantedWebhook) (webhookChange, error) {
	w := item.Webhook
	view := webhookChange{Method: w.Method, Path: w.Path, FunctionName: w.FunctionName, URL: a.webhookURL(w.Path)}
	before, err := tx.Webhook(ctx, w.Method, w.Path)
	if err != nil {
		return view, err
	}
	var have, want members
	if before != nil {
		have = webhookMembers(before)
	}
	if item.remove {
		if before != nil {
			view.FunctionName = before.FunctionName
		}
	} else {
		want = webhookMembers(&w)
		var stored *webhookView
		if before != nil {
			shown := a.server.viewWebhook(ctx, a.base, *before)
			stored = &shown
		}
		if problems := item.fields.ownedProblems(stored); len(problems) > 0 {
			return view, invalid(problems...)
		}
	}
	if view.ItemChange, err = item.change("webhook "+w.Method+" "+w.Path, have, want); err != nil {
		return view, err
	}
	switch view.Action {
	case "delete":
		return view, tx.DeleteWebhook(ctx, before.ID)
	case "create", "update":
		_, err = tx.PutWebhook(ctx, before, w)
	}
	return view, err
}

func (a *application) changeSchedules(ctx context.Context, tx *repo.SourceTx, faults *sourceFaults) error {
	for i := range a.source.schedules {
		item := &a.source.schedules[i]
		view, err := a.changeSchedule(ctx, tx, item)
		if err := faults.add(item.pointer, functionOfBody(err, item.FunctionName)); err != nil {
			return err
		}
		a.view.Schedules = append(a.view.Schedules, view)
	}
	return nil
}

func (a *application) changeSchedule(ctx context.Context, tx *repo.SourceTx, item *wantedSchedule) (scheduleChange, error) {
	job := item.Schedule
	view := scheduleChange{Name: job.Name, FunctionName: job.FunctionName}
	before, err := tx.Schedule(ctx, job.Name)
	if err != nil {
		return view, err
	}
	var have, want members
	if before != nil {
		have = scheduleMembers(before)
		view.NextRun = timestamp(before.NextRun)
	}
	if item.remove {
		if before != nil {
			view.FunctionName = before.FunctionName
		}
	} else {
		want = scheduleMembers(&job)
		var stored *scheduleView
		if before != nil {
			shown := viewSchedule(*before)
			stored = &shown
		}
		if problems := item.fields.ownedProblems(stored); len(problems) > 0 {
			return view, invalid(problems...)
		}
	}
	if view.ItemChange, err = item.change("schedule "+job.Name, have, want); err != nil {
		return view, err
	}
	switch view.Action {
	case "delete":
		view.NextRun = timestamp{}
		return view, tx.DeleteSchedule(ctx, before.ID)
	case "create", "update":
		if before != nil {
			job.NextRun = before.NextRun
		}
		if err := setNextRun(&job, before, time.Now()); err != nil {
			return view, err
		}
		view.NextRun = timestamp(job.NextRun)
		_, err = tx.PutSchedule(ctx, before, job)
	}
	return view, err
}

// finish tells the server of the changes, and adds the warnings.
func (a *application) finish(ctx context.Context) {
	s := a.server
	if a.dry {
		a.inspect(ctx)
	} else {
		if len(a.stored) > 0 || slices.ContainsFunc(a.view.Functions, func(f functionChange) bool { return f.Action == "delete" }) {
			s.FunctionsChanged(a.tenant)
		}
		if slices.ContainsFunc(a.view.Webhooks, func(w webhookChange) bool { return w.Action != "unchanged" }) {
			s.WebhooksChanged()
		}
		a.noteNames(ctx)
	}
	a.nameCallers(ctx)
}

// noteNames finds the warnings of functions that are stored, and notes the names
// that they use. The change is made: a failure here only leaves them out, and the
// names are read again when they are asked for.
func (a *application) noteNames(ctx context.Context) {
	for i := range a.stored {
		f := &a.stored[i]
		found, err := a.server.opts.Engine.Inspect(ctx, f)
		if err == nil {
			a.warn(f.Name, viewWarnings(found.Warnings))
			err = a.server.opts.DB.NoteNames(ctx, a.tenant, f.VersionID, &found)
		}
		if err != nil {
			a.server.opts.Log.Warn("functions were saved, but the warnings of some could not be found",
				slog.String("tenant", a.tenant), slog.Int("functions", len(a.stored)-i), slog.Any("error", err))
			return
		}
	}
}

// inspect finds the warnings of functions that are not stored.
func (a *application) inspect(ctx context.Context) {
	var all []model.Function
	for i := range a.source.functions {
		if item := &a.source.functions[i]; !item.remove {
			all = append(all, item.Function)
		}
	}
	for i := range a.stored {
		found, err := a.server.opts.Engine.InspectAmong(ctx, &a.stored[i], all)
		if err != nil {
			return // a plan without warnings is one all the same
		}
		a.warn(a.stored[i].Name, viewWarnings(found.Warnings))
	}
}

func (a *application) warn(name string, warnings []warningView) {
	for i := range a.view.Functions {
		if a.view.Functions[i].Name == name {
			a.view.Functions[i].Warnings = warnings
		}
	}
}

// nameCallers lists the callers of the functions that go.
func (a *application) nameCallers(ctx context.Context) {
	named, gone := map[string]bool{}, []string{}
	for i := range a.view.Functions {
		named[a.view.Functions[i].Name] = true
		if a.view.Functions[i].Action == "delete" {
			gone = append(gone, a.view.Functions[i].Name)
		}
	}
	if len(gone) == 0 {
		return
	}
	users, err := a.server.usersOf(ctx, a.tenant, gone)
	if err != nil {
		return // the change is made; only its consequences can't be told
	}
	for i := range a.view.Functions {
		view := &a.view.Functions[i]
		if view.Action != "delete" {
			continue
		}
		for _, kind := range []model.FunctionKind{model.KindFunction, model.KindModule} {
			for _, caller := range callersOf(users, &model.Function{Name: view.Name, Kind: kind}) {
				if !named[caller] {
					view.CalledBy = append(view.CalledBy, caller)
				}
			}
		}
	}
}
