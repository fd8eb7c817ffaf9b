package engine

import (
	"context"
	"fmt"
	"testing"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// BenchmarkSteps is all that the engine does about a call whose function calls a
// sibling so many times.
func BenchmarkSteps(b *testing.B) {
	for _, steps := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(steps), func(b *testing.B) {
			s := newShop()
			s.put("f")
			e := New(Options{Store: s, Secrets: noSecrets{}, Recorder: nowhere{}, Events: nowhere{}, Lane: stepping{&script{}, steps}, Packages: s, Log: testkit.Logger(b)})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Run(b.Context(), RunRequest{Tenant: "acme", Function: "f", Input: []byte(`{"name": "Ada"}`), Trigger: model.TriggerManual}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// stepping is a lane that calls f so many times.
type stepping struct {
	*script
	steps int
}

func (s stepping) Call(_ context.Context, call model.Call) (model.Outcome, error) {
	for range s.steps {
		begun, raise := call.Host.BeginStep(0, "f", call.Input)
		if raise != nil {
			return model.Outcome{}, model.NewError(model.CodeInternal, "%s", raise.Message)
		}
		call.Host.Generation()
		call.Host.EndStep(begun.Step, call.Input, nil)
	}
	return model.Outcome{Output: call.Input}, nil
}
