package treetest

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/model"
	"maestro/internal/secrets"
	"maestro/internal/vault"
	"maestro/repo"
)

// Tenant is the subtenant that has the Functions.
const Tenant = "acme"

// Engine is an engine with a lane and a database of its own, that keeps its records.
type Engine struct {
	*engine.Engine
	DB     *repo.DB
	Forget bool // its records: benchmarks need none
	book   book
}

// NewEngine makes an Engine on an empty database, whose subtenant has the Functions.
func NewEngine(t testing.TB, db *repo.DB, lane model.Lane, log *slog.Logger, change ...func(*engine.Options)) *Engine {
	t.Helper()
	e := &Engine{DB: db}
	e.book.forget = &e.Forget
	_, err := e.DB.EnsureSubtenant(t.Context(), Tenant)
	require.NoError(t, err)
	for _, f := range Functions() {
		_, err := e.DB.CreateFunction(t.Context(), Tenant, f, nil, nil)
		require.NoError(t, err)
	}
	sealed, err := vault.New([]byte("a key of the tests"), vault.Secrets)
	require.NoError(t, err)
	opts := engine.Options{
		Store: e.DB, Secrets: secrets.New(e.DB, sealed, log), Recorder: &e.book, Events: &e.book, Lane: lane, Blames: e.DB, Log: log, MaxSteps: MaxSteps,
	}
	for _, set := range change {
		set(&opts)
	}
	e.Engine = engine.New(opts)
	t.Cleanup(func() { e.Drain(context.Background()) })
	return e
}

// RunPlan runs a plan as the function "strict", or "anode" if it is async, and returns
// its record and its error.
func (e *Engine) RunPlan(t *testing.T, plan *Plan) (execution *model.Execution, steps []model.Step, err error) {
	t.Helper()
	id, function := model.NewID(), "strict"
	if plan.Async {
		function = "anode"
	}
	_, err = e.Run(t.Context(), engine.RunRequest{Tenant: Tenant, Function: function, Input: json.RawMessage(plan.JSON()), Trigger: model.TriggerManual, ID: id})
	execution, steps = e.Record(t, id)
	return execution, steps, err
}

// Record returns the record of a run that has ended, its steps in order. It can be had
// once.
func (e *Engine) Record(t *testing.T, id model.ID) (execution *model.Execution, steps []model.Step) {
	t.Helper()
	execution, steps = e.book.take(id)
	require.NotNil(t, execution)
	return execution, steps
}

// book keeps records in memory.
type book struct {
	forget  *bool
	mu      sync.Mutex // guards what follows
	records []*model.Record
}

func (b *book) keep(record *model.Record) model.Kept {
	if *b.forget {
		return model.Committed
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := *record
	kept.Steps = slices.Clone(record.Steps)
	b.records = append(b.records, &kept)
	return model.Committed
}

// take returns the record of a run, and drops it.
func (b *book) take(id model.ID) (execution *model.Execution, steps []model.Step) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rows := map[model.ID]model.Step{}
	b.records = slices.DeleteFunc(b.records, func(record *model.Record) bool {
		if record.Execution.ID != id {
			return false
		}
		if !record.StepsOnly {
			execution = &record.Execution
		}
		for _, row := range record.Steps {
			if known, found := rows[row.ID]; !found || !known.Status.Final() { // parts may overtake each other
				rows[row.ID] = row
			}
		}
		return true
	})
	return execution, slices.SortedFunc(maps.Values(rows), func(a, b model.Step) int { return a.Position - b.Position })
}

// The methods of engine.Recorder and engine.Publisher.

func (b *book) Admit() error { return nil }

func (b *book) Finish(_ context.Context, record *model.Record) model.Kept { return b.keep(record) }

func (b *book) Steps(_ context.Context, part *model.Record) model.Kept { return b.keep(part) }

func (b *book) Running(*model.Execution) {}

func (b *book) Publish(events.Event) {}
