package lanetest

import (
	"errors"
	"time"

	"maestro/internal/model"
)

// Frame implements model.RemoteHost.
func (r *Run) Frame() model.RunFrame {
	generation := r.Generation()
	return model.RunFrame{
		ExecutionID: model.FirstIDOf(time.Unix(1_700_000_000, 0)), Subtenant: r.Tenant, Trigger: model.TriggerManual, Attempt: 1,
		Deadline: deadline, MaxSteps: maxSteps, Generation: generation, Changes: generation,
	}
}

// Resolve implements model.Resolver.
func (r *Run) Resolve(name string) (model.Resolved, *model.Raise) {
	asOf := r.Generation() // before the program: it may be newer
	program, raise := r.Lookup(name)
	if raise != nil {
		return model.Resolved{}, raise
	}
	schema := r.schemaOf(name)
	return model.Resolved{Program: program, Input: schema, Output: schema, AsOf: asOf}, nil
}

// ResolveModule implements model.Resolver.
func (r *Run) ResolveModule(string) (model.Resolved, *model.Raise) {
	return model.Resolved{AsOf: r.Generation()}, nil
}

// ResolveNames implements model.Resolver.
func (r *Run) ResolveNames() model.ResolvedNames {
	names, generation := r.names()
	return model.ResolvedNames{Names: names, Generation: generation, AsOf: generation}
}

var errNoTree = errors.New("the steps are no tree")

// StepBegan implements model.RemoteHost.
func (r *Run) StepBegan(began model.StepBegan) error {
	f, raise := r.Sibling(began.Function)
	if raise != nil {
		return errNoTree
	}
	f.Version = began.Version
	ref, raise := r.Begin(began.Parent, f, began.Input)
	if raise == nil && ref != began.Step {
		return errNoTree
	}
	return nil
}

// StepEnded implements model.RemoteHost.
func (r *Run) StepEnded(ended model.StepEnded) error {
	if r.Open(ended.Step) == nil {
		return errNoTree
	}
	r.End(ended.Step, ended.Output, ended.Failure, ended.Late)
	return nil
}

// Line implements model.RemoteHost.
func (r *Run) Line(step model.StepRef, line model.LogLine) error {
	r.Log(step, line)
	return nil
}

// HandOver implements model.RemoteHost.
func (r *Run) HandOver() {}
