package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"maestro/internal/model"
)

// RunQueued runs, to its end and its record, a run that this server has
// claimed. An error says that it was not begun: it should wait again.
func (e *Engine) RunQueued(ctx context.Context, queued model.QueuedRun) error {
	execution := &queued.Execution
	input, err := e.opts.Inputs.Open(execution.Tenant, execution.ID.String(), queued.Input)
	if err != nil {
		return fmt.Errorf("open the input of execution %s: %w", execution.ID, err)
	}
	request := RunRequest{
		Tenant: execution.Tenant, Function: execution.FunctionName, Input: input, Request: queued.Request,
		Trigger: execution.Trigger, TriggerID: execution.TriggerID, ID: execution.ID, ParentID: execution.ParentID,
	}
	if _, err := e.opts.Secrets.Of(ctx, request.Tenant); err != nil {
		return err
	}
	f, err := e.catalogue.function(ctx, request.Tenant, request.Function)
	missing := model.CodeOf(err) == model.CodeFunctionNotFound
	if missing {
		f = &function{name: request.Function} // of no version: the row keeps the one that was there at its acceptance
	} else if err != nil {
		return err
	}
	if f.atOnce > 0 {
		slot := slotKey{request.Tenant, request.Function}
		if err := e.limits.take(ctx, slot, f.atOnce); err != nil {
			return err
		}
		defer e.limits.give(slot)
	}
	r := e.newRun(ctx, f, request)
	defer r.cancel()
	r.queued, r.created, r.attempt, r.chain = &queued, execution.CreatedAt, execution.Attempt, queued.Chain
	if err := e.admit(r); err != nil {
		return err
	}
	defer e.release(r)
	if missing {
		failure := &model.Failure{Kind: model.FailureEngine, Type: classFunctionNotFound, Message: notFound(request.Function).Detail}
		return r.record(r.finish(model.Outcome{Failure: failure}))
	}
	_, err = r.conduct()
	var notBegun *notBegunError
	if errors.As(err, &notBegun) {
		return notBegun
	}
	return nil // what went wrong is in the record
}

// notBegunError says that the lane did not take a queued run.
type notBegunError struct{ cause error }

func (e *notBegunError) Error() string { return "the run was not begun: " + e.cause.Error() }

func (e *notBegunError) Unwrap() error { return e.cause }

// record writes a record and tells of it.
func (r *run) record(record *model.Record) error {
	if err := r.commit(record); err != nil {
		return nil //nolint:nilerr // the record is kept and will be written
	}
	r.announce(record)
	return nil
}

// endQueued adds to a record what its queued run needs: which hand-over it is
// the end of, and whether another attempt follows. r.mu is held.
func (r *run) endQueued(record *model.Record, failure *model.Failure) {
	if r.queued == nil {
		return
	}
	e := &record.Execution
	if r.lost {
		// The server stopped it, nobody else did: nobody asked for its end.
		failure = &model.Failure{Type: "Crashed", Message: "the server was stopped while it ran"}
		e.Status, e.Error, e.ErrorType = model.StatusCrashed, &failure.Message, &failure.Type
	}
	record.Queued = &model.QueuedEnd{Job: r.queued.Job}
	if policy := r.queued.Policy; failure != nil && (!lasting(failure) || policy.Names(failure.Type)) {
		record.Queued.RetryIn, record.Queued.Retry = policy.Again(e.Attempt, e.Status, append([]string{failure.Type}, failure.Classes...)...)
	}
	if record.Queued.Retry && r.stopped {
		// This attempt had failed before the stop reached it; there is no other one.
		e.Status, record.Queued.Retry, record.Queued.RetryIn = model.StatusCancelled, false, 0
	}
	if record.Queued.Retry {
		r.engine.opts.Log.Info("an attempt failed, another one follows", slog.String("tenant", e.Tenant), slog.Any("execution_id", e.ID),
			slog.String("function", e.FunctionName), slog.Int("attempt", e.Attempt), slog.Duration("in", record.Queued.RetryIn))
	}
}

// classFunctionNotFound is the error type of a run whose function is gone.
const classFunctionNotFound = "FunctionNotFound"

// lasting reports whether a failure would be the same at the next attempt: only
// a policy that names its very type has it tried again.
func lasting(failure *model.Failure) bool {
	return failure.Kind == model.FailureInput || failure.Kind == model.FailureOutput || failure.Type == classFunctionNotFound && failure.Kind == model.FailureEngine
}
