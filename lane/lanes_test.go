package lane

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/embed"
	"maestro/embed/lanetest"
	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/lane/process"
)

// barren starts no child.
type barren struct{}

func (barren) Nursery(process.Spec) process.Nursery { return barren{} }

func (barren) Start(context.Context, *os.File) (process.Process, error) {
	return nil, errors.New("there are no children here")
}

func (barren) Close() {}

func TestEachCallGoesToTheLaneThatItNames(t *testing.T) {
	t.Parallel()
	home := testkit.KitHome(t)
	embedded, err := embed.New(embed.Options{Home: home, WarmPool: -1})
	require.NoError(t, err)
	children, err := process.New(process.Options{Home: home, Start: barren{}, Log: testkit.Logger(t)})
	require.NoError(t, err)
	l := New(embedded, children)
	require.NoError(t, l.Start(t.Context()))
	e := lanetest.NewEngine(l, l, "a")
	e.Define(t, "f", "def f(input):\n    return input\n")
	call := func(name model.LaneName) (model.Outcome, error) {
		run := e.NewRun("f")
		return l.Call(t.Context(), model.Call{
			Tenant: "a", Lane: name, Program: run.Function, Input: json.RawMessage("1"), Deadline: time.Now().Add(time.Minute), Host: run,
		})
	}
	for _, name := range []model.LaneName{"", model.LaneEmbedded} {
		outcome, err := call(name)
		require.NoError(t, err)
		require.Equal(t, "1", string(outcome.Output))
	}
	_, err = call(model.LaneProcess)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
	require.Equal(t, 1, l.Children().Failed)
	require.Equal(t, 1, l.Stats().InterpretersLive)
	require.Equal(t, "serving", l.Interpreter("a").State)
	l.Forget("a")
	require.Equal(t, "none", l.Interpreter("a").State)
	require.Zero(t, l.Children().Tenants)
	require.NoError(t, l.Close(t.Context()))
	_, err = call(model.LaneProcess)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
}
