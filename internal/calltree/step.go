package calltree

import (
	"context"
	"fmt"
	"time"

	"maestro/internal/model"
)

// Steps is a run as its sibling calls need it. Its methods may be called from many
// threads at once.
type Steps interface {
	// Sibling finds a function that can be called now.
	Sibling(name string) (*Function, *model.Raise)
	// Begin adds a step to the run's Book. Input is owned by the callee.
	Begin(parent model.StepRef, f *Function, input []byte) (model.StepRef, *model.Raise)
	// Open returns the function of a step that can still end, or nil.
	Open(ref model.StepRef) *Function
	// End ends a step, once. late says that the deadline ended a validation. output is
	// owned by the callee.
	End(ref model.StepRef, output []byte, failure *model.Failure, late bool)
	// Bounds are what a validation ends with.
	Bounds() (ctx context.Context, deadline time.Time)
}

// Over is the answer to all that is asked after the end of an execution.
var Over = &model.Raise{Kind: model.RaiseEnded, Message: "the execution is over: a thread or task that outlives it can't call functions"}

// BeginStep is model.Host's.
func BeginStep(s Steps, parent model.StepRef, name string, input []byte) (model.Begun, *model.Raise) {
	f, raise := s.Sibling(name)
	if raise != nil {
		return model.Begun{}, raise
	}
	ref, raise := s.Begin(parent, f, input)
	if raise != nil {
		return model.Begun{}, raise
	}
	if !f.Input.Accepts(input) { // as it does with most, before a deadline could matter
		failure := examineStep(s, f.Input, input, model.Failure{
			Kind: model.FailureInput, Type: model.ErrorInputInvalid, Message: "the input of " + f.Name + " does not fit its input_schema",
		})
		if failure != nil {
			s.End(ref, nil, failure, failure.Kind == model.FailureTimeout)
			return model.Begun{}, raiseOf(failure, model.RaiseInput)
		}
	}
	return model.Begun{Step: ref, Program: f.Program}, nil
}

// EndStep is model.Host's.
func EndStep(s Steps, ref model.StepRef, output []byte, failure *model.Failure) *model.Raise {
	f := s.Open(ref)
	if f == nil {
		return Over
	}
	if failure != nil {
		s.End(ref, nil, failure, false)
		return nil
	}
	if !f.Output.Accepts(output) {
		failure = examineStep(s, f.Output, output, model.Failure{
			Kind: model.FailureOutput, Type: model.ErrorOutputInvalid, Message: "the output of " + f.Name + " does not fit its output_schema",
		})
		if failure != nil {
			s.End(ref, nil, failure, failure.Kind == model.FailureTimeout)
			return raiseOf(failure, model.RaiseOutput)
		}
	}
	s.End(ref, output, nil, false)
	return nil
}

// raiseOf says which exception the calling function sees.
func raiseOf(failure *model.Failure, kind model.RaiseKind) *model.Raise {
	switch failure.Kind {
	case model.FailureEngine, model.FailureTimeout, model.FailureCancelled:
		kind = model.RaiseEngine
	}
	return &model.Raise{Kind: kind, Message: failure.Message, Problems: failure.Problems}
}

// NotDefined is the answer to a name that stands for no function.
func NotDefined(name string) *model.Raise {
	return &model.Raise{Kind: model.RaiseName, Name: name, Message: fmt.Sprintf("name '%s' is not defined", name)}
}

// NotLoaded is the answer when a function can't be had, though it exists.
func NotLoaded(name string) *model.Raise {
	return &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("the function %s can't be loaded at the moment", name)}
}
