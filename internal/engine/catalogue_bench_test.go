package engine

import (
	"context"
	"testing"

	"maestro/internal/events"
	"maestro/internal/journal"
	"maestro/internal/model"
	"maestro/internal/secrets"
	"maestro/internal/testkit"
)

// BenchmarkFunction is the look-up that each call begins with, in a subtenant
// without packages and in one with some.
func BenchmarkFunction(b *testing.B) {
	for _, number := range []int{0, 1} {
		name := []string{"without packages", "with packages"}[number]
		b.Run(name, func(b *testing.B) {
			s := newShop()
			s.put("f")
			s.environment.Number, s.ready[1] = number, true
			c := newCatalogue(Options{Store: s, Lane: &script{}, Packages: s, Log: testkit.Logger(b)})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.function(b.Context(), "acme", "f"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRun is all that the engine does about a call, with a function that
// is Go and a record that goes nowhere; without and with the journal of runs.
func BenchmarkRun(b *testing.B) {
	kept, err := journal.Open(b.TempDir(), 0)
	if err != nil {
		b.Fatal(err)
	}
	for name, runs := range map[string]*journal.Journal{"without a journal": nil, "with a journal": kept} {
		b.Run(name, func(b *testing.B) {
			s := newShop()
			s.put("f")
			e := New(Options{Store: s, Secrets: noSecrets{}, Recorder: nowhere{}, Events: nowhere{}, Lane: immediate{&script{}}, Packages: s, Journal: runs, Log: testkit.Logger(b)})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Run(b.Context(), RunRequest{Tenant: "acme", Function: "f", Input: []byte(`{"name": "Ada"}`), Trigger: model.TriggerManual}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// immediate is a lane that asks what the real one asks, and answers.
type immediate struct{ *script }

func (immediate) Call(_ context.Context, call model.Call) (model.Outcome, error) {
	if call.Ticket != nil {
		call.Ticket.Store(1)
	}
	call.Host.Generation()
	return model.Outcome{Output: call.Input}, nil
}

type noSecrets struct{}

func (noSecrets) Of(context.Context, string) (*secrets.Set, error) { return &secrets.Set{}, nil }
func (noSecrets) Forget(string)                                    {}

type nowhere struct{}

func (nowhere) Admit() error                                     { return nil }
func (nowhere) Finish(context.Context, *model.Record) model.Kept { return model.Committed }
func (nowhere) Steps(context.Context, *model.Record) model.Kept  { return model.Committed }
func (nowhere) Running(*model.Execution)                         {}
func (nowhere) Publish(events.Event)                             {}
