package treetest

import (
	"encoding/json"
	"fmt"
	"sync"

	"maestro/internal/model"
)

// Run does in Go what the Functions do in Python: it runs input, a Plan, as the code
// of a call or of a step.
func Run(host model.Host, step model.StepRef, input []byte) (json.RawMessage, *model.Failure) {
	var plan Plan
	if err := json.Unmarshal(input, &plan); err != nil { // a misfit of "node", whose schema takes it
		return nil, &model.Failure{Kind: model.FailureException, Type: "TypeError", Message: "string indices must be integers, not 'str'"}
	}
	if plan.Dive > 0 {
		if _, failure := sibling(host, step, "node", (&Plan{ID: plan.ID, Dive: plan.Dive - 1}).JSON()); failure != nil {
			return nil, failure
		}
	}
	for range plan.Repeat {
		if _, failure := sibling(host, step, "node", (&Plan{ID: plan.ID}).JSON()); failure != nil {
			return nil, failure
		}
	}
	results, failures := make([]json.RawMessage, len(plan.Calls)), make([]*model.Failure, len(plan.Calls))
	callAt := func(at int) {
		call := &plan.Calls[at]
		text := call.Plan.JSON()
		if call.Misfit {
			text = fmt.Appendf(nil, `"plan %d.%d"`, plan.ID, at)
		}
		output, failure := sibling(host, step, call.Function, text)
		switch {
		case failure == nil:
			results[at] = output
		case call.Catch:
			results[at] = fmt.Appendf(nil, "%q", failure.Type)
		default:
			failures[at] = failure
		}
	}
	var threads sync.WaitGroup
	for at := range plan.Calls {
		if plan.Threads {
			threads.Go(func() { callAt(at) })
			continue
		}
		if callAt(at); failures[at] != nil {
			return nil, failures[at]
		}
	}
	threads.Wait()
	for _, failure := range failures {
		if failure != nil {
			return nil, failure
		}
	}
	if plan.Raise != "" {
		return nil, &model.Failure{Kind: model.FailureException, Type: "ValueError", Message: plan.Raise}
	}
	if plan.Text {
		return fmt.Appendf(nil, `"text %d"`, plan.ID), nil
	}
	output, err := json.Marshal(map[string]any{"id": plan.ID, "results": results})
	if err != nil {
		panic(err) // the results are JSON
	}
	return output, nil
}

func sibling(host model.Host, from model.StepRef, name string, input []byte) (json.RawMessage, *model.Failure) {
	begun, raise := host.BeginStep(from, name, input)
	if raise != nil {
		return nil, failureOf(raise)
	}
	output, failure := Run(host, begun.Step, input)
	raise = host.EndStep(begun.Step, output, failure)
	if failure == nil && raise != nil {
		failure = failureOf(raise)
	}
	return output, failure
}

// failureOf is the exception that a lane raises.
func failureOf(raise *model.Raise) *model.Failure {
	class := map[model.RaiseKind]string{
		model.RaiseName: "NameError", model.RaiseRecursion: "RecursionError", model.RaiseInput: "InputInvalid", model.RaiseOutput: "OutputInvalid",
	}[raise.Kind]
	if class == "" {
		class = "RuntimeError"
	}
	return &model.Failure{Kind: model.FailureException, Type: class, Message: raise.Message}
}
