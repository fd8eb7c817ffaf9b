package embed

import (
	"encoding/json"

	"maestro/cpython"
	"maestro/internal/model"
)

// outcomeOf turns what cpython returned into the outcome of a call.
func outcomeOf(result cpython.CallResult) model.Outcome {
	if result.Exception != nil {
		return model.Outcome{Failure: failureOf(result.Exception)}
	}
	outcome := model.Outcome{Output: result.Output, Bytes: result.Bytes}
	if result.Response {
		outcome.Response = new(model.Response)
		if err := json.Unmarshal(result.Output, outcome.Response); err != nil {
			return model.Outcome{Failure: &model.Failure{
				Kind: model.FailureOutput, Type: "TypeError", Message: "maestro.Response: " + err.Error(),
			}}
		}
	}
	return outcome
}

// failureOf turns an exception into a failure. An uncaught exception about a
// sibling's input or output that did not fit its schema is an ordinary one: it
// does not concern the input of the outer call.
func failureOf(exc *cpython.Exception) *model.Failure {
	kind := model.FailureException
	switch exc.Kind {
	case cpython.ExceptionInputJSON:
		kind = model.FailureInput
	case cpython.ExceptionOutputJSON:
		kind = model.FailureOutput
	case cpython.ExceptionStopped:
		kind = model.FailureCancelled
	case cpython.ExceptionEngine:
		kind = model.FailureEngine
	}
	return &model.Failure{Kind: kind, Type: exc.Type, Message: exc.Message, Traceback: exc.Traceback, Classes: exc.Classes}
}

// raiseOf turns a host's answer into what cpython raises.
func raiseOf(r *model.Raise) *cpython.Raise {
	if r == nil {
		return nil
	}
	raise := &cpython.Raise{Kind: uint8(r.Kind), Message: r.Message, Name: r.Name}
	if len(r.Problems) > 0 {
		raise.Problems, _ = json.Marshal(r.Problems) // texts and numbers always have a JSON form
	}
	return raise
}
