package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// BenchmarkSteps is all that the engine does about a call whose function calls a
// sibling so many times; reported by a child, and here.
func BenchmarkSteps(b *testing.B) {
	for _, steps := range []int{1, 10, 100} {
		for name, lane := range map[string]model.Lane{"steps": stepping{&script{}, steps}, "reported": reporting{&script{}, steps}} {
			benchmarkSteps(b, fmt.Sprint(steps, " ", name), lane)
		}
	}
}

func benchmarkSteps(b *testing.B, name string, lane model.Lane) {
	b.Run(name, func(b *testing.B) {
		s := newShop()
		s.put("f")
		e := New(Options{Store: s, Secrets: noSecrets{}, Recorder: nowhere{}, Events: nowhere{}, Lane: lane, Packages: s, Log: testkit.Logger(b)})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.Run(b.Context(), RunRequest{Tenant: "acme", Function: "f", Input: []byte(`{"name": "Ada"}`), Trigger: model.TriggerManual}); err != nil {
				b.Fatal(err)
			}
		}
	})
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

// reporting is a lane whose child calls f so many times.
type reporting struct {
	*script
	steps int
}

func (s reporting) Call(_ context.Context, call model.Call) (model.Outcome, error) {
	host := call.Host.(model.RemoteHost)
	host.Frame()
	for step := range model.StepRef(s.steps) {
		err := host.StepBegan(model.StepBegan{Step: step + 1, Function: "f", Version: call.Program.Version, Started: time.Now(), Input: call.Input})
		if err == nil {
			err = host.StepEnded(model.StepEnded{Step: step + 1, Duration: 1, Output: call.Input})
		}
		if err != nil {
			return model.Outcome{}, err
		}
	}
	return model.Outcome{Output: call.Input}, nil
}
