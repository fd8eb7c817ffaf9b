package embed

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"maestro/internal/model"
)

func TestFramesHoldCallAndStep(t *testing.T) {
	t.Parallel()
	for _, step := range []model.StepRef{0, 1, maxStep} {
		number, got := splitFrame(frameOf(1<<43+7, step))
		require.EqualValues(t, 1<<43+7, number)
		require.Equal(t, step, got)
	}
}

func TestProgramsAreNotKeptForEver(t *testing.T) {
	t.Parallel()
	p := &model.Program{Function: "f", Source: "a source of its own"}
	process.addProgram(p)
	key := p.Key
	require.NotZero(t, key)
	require.Same(t, p, process.program(key))
	runtime.KeepAlive(p) // its last use: from here on it may be collected
	eventually(t, func() bool {
		runtime.GC()
		process.programMu.Lock()
		defer process.programMu.Unlock()
		_, kept := process.programs[key]
		return !kept
	}, "it goes with its last user")
	require.Nil(t, process.program(key))
	_, found := callbacks{process}.Module(1, key)
	require.False(t, found)
}

// manySteps is a host whose steps have reached a number.
type manySteps struct {
	nobody
	step  model.StepRef
	ended *model.Failure
}

func (m *manySteps) BeginStep(model.StepRef, string, []byte) (model.Begun, *model.Raise) {
	return model.Begun{Step: m.step, Program: &model.Program{Key: 1}}, nil
}

func (m *manySteps) EndStep(_ model.StepRef, _ []byte, failure *model.Failure) *model.Raise {
	m.ended = failure
	return nil
}

func TestTooManySteps(t *testing.T) {
	t.Parallel()
	host := &manySteps{step: maxStep}
	c := newCall(model.Call{Host: host})
	c.interp = &interpreter{id: 1}
	process.begin(c)
	defer process.end(c)
	begun := callbacks{process}.BeginStep(1, frameOf(c.number, 0), "f", nil)
	require.Nil(t, begun.Raise)
	require.Equal(t, frameOf(c.number, maxStep), begun.Frame)
	host.step++
	begun = callbacks{process}.BeginStep(1, frameOf(c.number, 0), "f", nil)
	require.NotNil(t, begun.Raise)
	require.Equal(t, uint8(model.RaiseEngine), begun.Raise.Kind)
	require.NotNil(t, host.ended, "the step that had begun has ended")
}

// refusesEverything asks as an interpreter that has no call of that frame.
func refusesEverything(t *testing.T, interp, frame uint64) {
	t.Helper()
	answers := callbacks{process}
	require.Equal(t, uint8(model.RaiseEnded), answers.BeginStep(interp, frame, "f", nil).Raise.Kind)
	require.Equal(t, uint8(model.RaiseEnded), answers.Lookup(interp, frame, "f").Raise.Kind)
	require.Equal(t, uint8(model.RaiseEnded), answers.EndStep(interp, frame, nil, nil).Kind)
	require.Nil(t, answers.Context(interp, frame))
	_, raise := answers.Secret(interp, frame, "x")
	require.Equal(t, uint8(model.RaiseEnded), raise.Kind)
	names, generation := answers.Siblings(interp, frame)
	require.Empty(t, names)
	require.Zero(t, generation)
	answers.Log(interp, frame, "stdout", "", "lost", nil)
}

func TestAfterTheEndEverythingIsRefused(t *testing.T) {
	t.Parallel()
	c := newCall(model.Call{Host: nobody{}})
	c.interp = &interpreter{id: 1}
	process.begin(c)
	process.end(c)
	refusesEverything(t, 1, frameOf(c.number, 1))
}

// untouchable is a host that must not be asked anything.
type untouchable struct{ model.Host }

func TestFramesOfOtherInterpretersAreRefused(t *testing.T) {
	t.Parallel()
	c := newCall(model.Call{Host: untouchable{}})
	c.interp = &interpreter{id: 1}
	process.begin(c)
	defer process.end(c)
	refusesEverything(t, 2, frameOf(c.number, 1))
}

// Not parallel: it looks at all goroutines.
func TestCloseLeavesNoGoroutines(t *testing.T) {
	before := goleak.IgnoreCurrent()
	h := newHost(Options{}, fakeMachines(t))
	require.NoError(t, h.Start(t.Context()))
	for _, tenant := range []string{"a", "b", "c"} {
		_, err := run(t.Context(), h, tenant, fakeProgram(echo), "1")
		require.NoError(t, err)
	}
	_, err := runFor(h, "a", newBlocker().program, time.Millisecond)
	require.NoError(t, err)
	require.NoError(t, h.Close(context.Background()))
	goleak.VerifyNone(t, before)
}
