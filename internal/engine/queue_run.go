package engine

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"maestro/internal/calltree"
	"maestro/internal/model"
)

// RunQueued runs, to its end and its record, a run that this server has
// claimed. An error says that it was not begun: it should wait again.
func (e *Engine) RunQueued(ctx context.Context, queued model.QueuedRun) (err error) {
	execution := &queued.Execution
	request := RunRequest{
		Tenant: execution.Tenant, Function: execution.FunctionName, Request: queued.Request,
		Trigger: execution.Trigger, TriggerID: execution.TriggerID, ID: execution.ID, ParentID: execution.ParentID,
	}
	if _, err := e.opts.Secrets.Of(ctx, request.Tenant); err != nil {
		return err
	}
	f, in, hopeless, err := e.prepareQueued(ctx, &request, queued.Input)
	if err != nil {
		return err
	}
	if f.atOnce > 0 {
		slot := slotKey{request.Tenant, request.Function}
		if err := e.limits.acquire(ctx, slot, f.atOnce); err != nil {
			return err
		}
		defer e.limits.release(slot)
	}
	r := e.newRun(ctx, f, request)
	r.followed.Store(in)
	defer r.cancel()
	r.queued, r.created, r.attempt, r.chain = &queued, execution.CreatedAt, execution.Attempt, queued.Chain
	if err := e.admit(r); err != nil {
		return err
	}
	defer e.remove(r)
	r.enterJournal()
	defer r.slot.Remove()
	defer func() {
		if fault := recover(); fault != nil { // or it would end one server after the other
			r.panicked(fault, debug.Stack())
			err = nil
		}
	}()
	if queued.Cancelled {
		r.stop(cancelRequested)
	}
	if hopeless != nil {
		r.record(r.finish(&model.Outcome{Failure: hopeless}))
		return nil
	}
	return r.conductQueued()
}

// prepareQueued gets what a queued run needs: its function, and the snapshot of that. An error says that it may be had
// later, hopeless that it never will: the run fails with that. Packages that
// are still being built here are not waited for: another server may have them.
func (e *Engine) prepareQueued(ctx context.Context, request *RunRequest, sealed []byte) (f *function, in *snapshot, hopeless *model.Failure, err error) {
	fails := func(class, message string) (*function, *snapshot, *model.Failure, error) {
		// Of no version: the row keeps the one that was there at its acceptance.
		return &function{Function: calltree.Function{Name: request.Function}}, nil, &model.Failure{Kind: model.FailureEngine, Type: class, Message: message}, nil
	}
	opened, err := e.opts.Inputs.Open(request.Tenant, request.ID.String(), sealed)
	if err == nil {
		err = unpackRequest(opened, request)
	}
	if err != nil {
		e.opts.Log.Error("the stored input of an execution can't be read", slog.String("tenant", request.Tenant),
			slog.Any("execution_id", request.ID), slog.Any("error", err))
		return fails(model.ErrorEngine, "the stored input can't be read, which is a fault of the server")
	}
	f, in, err = e.catalogue.functionNow(ctx, request.Tenant, request.Function)
	var unusable *unusableError
	var refused *model.Error
	switch {
	case err == nil:
		return f, in, nil, nil
	case model.CodeOf(err) == model.CodeFunctionNotFound:
		return fails(model.ErrorFunctionNotFound, notFound(request.Function).Detail)
	case model.CodeOf(err) == model.CodeFunctionIsModule:
		return fails(model.ErrorFunctionNotFound, isModule(request.Function).Detail)
	case model.CodeOf(err) == model.CodeFunctionInactive:
		return fails(model.ErrorFunctionInactive, isOff(request.Function).Detail)
	case errors.As(err, &refused) && refused.Code == model.CodeQuarantined:
		return fails(model.ErrorQuarantined, refused.Detail)
	case errors.As(err, &unusable):
		e.opts.Log.Error("a stored function can't be run", slog.String("tenant", request.Tenant), slog.String("function", request.Function), slog.Any("error", err))
		return fails(model.ErrorFunctionUnusable, "the stored function can't be run by this version of the server: save it again")
	default:
		return nil, nil, nil, err
	}
}

// panicked records a run as failed by a fault of ours.
func (r *run) panicked(fault any, stack []byte) {
	r.engine.opts.Log.Error("a panic while a queued run was conducted", slog.String("tenant", r.request.Tenant), slog.Any("execution_id", r.id),
		slog.Any("fault", fault), slog.String("stack", string(stack)))
	failure := &model.Failure{Kind: model.FailureEngine, Type: model.ErrorEngine, Message: "a fault of the server, which is in its log"}
	r.record(r.finish(&model.Outcome{Failure: failure}))
}

// endQueued adds to a record what its queued run needs: which claim it is
// the end of, and whether another attempt follows. r.mu is held.
func (r *run) endQueued(record *model.Record, failure *model.Failure) {
	if !r.asynchronous() {
		return
	}
	e := &record.Execution
	record.Queued = &model.QueuedEnd{Claim: r.queued.Claim}
	if policy := r.queued.Policy; failure != nil && (!lasting(failure) || policy.Names(failure.Type)) {
		record.Queued.RetryIn, record.Queued.Retry = policy.Again(e.Attempt, e.Status, append([]string{failure.Type}, failure.Classes...)...)
	}
	if record.Queued.Retry && r.stopping == cancelRequested {
		// This attempt had failed before the stop reached it; there is no other one.
		e.Status, record.Queued.Retry, record.Queued.RetryIn = model.StatusCancelled, false, 0
	}
	if record.Queued.Retry {
		r.engine.opts.Log.Info("an attempt failed, another one follows", slog.String("tenant", e.Tenant), slog.Any("execution_id", e.ID),
			slog.String("function", e.FunctionName), slog.Int("attempt", e.Attempt), slog.Duration("in", record.Queued.RetryIn))
	}
}

// lasting reports whether a failure would be the same at the next attempt: only
// a policy that names its very type has it tried again.
func lasting(failure *model.Failure) bool {
	switch failure.Kind {
	case model.FailureInput, model.FailureOutput:
		return true
	case model.FailureEngine:
		return failure.Type == model.ErrorFunctionNotFound || failure.Type == model.ErrorFunctionUnusable || failure.Type == model.ErrorFunctionInactive || failure.Type == model.ErrorQuarantined
	default:
		return false
	}
}
