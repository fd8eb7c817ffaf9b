package embed

import (
	"context"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"maestro/cpython"
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
	_, found := callbacks{process}.Module(cpython.Caller{Interp: 1}, key)
	require.False(t, found)
}

// manySteps is a host whose steps have reached a number.
type manySteps struct {
	noSiblings
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
	begun := callbacks{process}.BeginStep(cpython.Caller{Interp: 1, Frame: frameOf(c.number, 0)}, "f", nil)
	require.Nil(t, begun.Raise)
	require.Equal(t, frameOf(c.number, maxStep), begun.Frame)
	host.step++
	begun = callbacks{process}.BeginStep(cpython.Caller{Interp: 1, Frame: frameOf(c.number, 0)}, "f", nil)
	require.NotNil(t, begun.Raise)
	require.Equal(t, uint8(model.RaiseEngine), begun.Raise.Kind)
	require.NotNil(t, host.ended, "the step that had begun has ended")
}

// refusesEverything asks all there is to ask for a frame that is none to that
// interpreter. It finds the questions by reflection, so that a new one is asked
// as well; the frame's host must not be one that can answer.
func refusesEverything(t *testing.T, from cpython.Caller) {
	t.Helper()
	answers := reflect.ValueOf(callbacks{process})
	questions := reflect.TypeFor[cpython.Callbacks]()
	raises := 0
	for i := range questions.NumMethod() {
		question := questions.Method(i)
		require.Equal(t, reflect.TypeFor[cpython.Caller](), question.Type.In(0), "%s does not say who asks", question.Name)
		arguments := []reflect.Value{reflect.ValueOf(from)}
		for n := 1; n < question.Type.NumIn(); n++ {
			arguments = append(arguments, reflect.Zero(question.Type.In(n)))
		}
		for _, answer := range answers.MethodByName(question.Name).Call(arguments) {
			raise, _ := answer.Interface().(*cpython.Raise)
			if begun, is := answer.Interface().(cpython.Begun); is {
				raise = begun.Raise
				require.NotNil(t, raise, question.Name)
			}
			if raise != nil {
				raises++
				require.Equal(t, uint8(model.RaiseEnded), raise.Kind, question.Name)
				continue
			}
			if _, is := answer.Interface().(cpython.Begun); !is {
				refused := answer.IsZero() || question.Name == "Emit" && answer.Int() == int64(model.EmitGone)
				require.True(t, refused, "%s answers %v", question.Name, answer)
			}
		}
	}
	require.GreaterOrEqual(t, raises, 5)
}

func TestAfterTheEndEverythingIsRefused(t *testing.T) {
	t.Parallel()
	c := newCall(model.Call{Host: untouchable{}})
	c.interp = &interpreter{id: 1}
	process.begin(c)
	process.end(c)
	refusesEverything(t, cpython.Caller{Interp: 1, Frame: frameOf(c.number, 1)})
}

// untouchable is a host that must not be asked anything.
type untouchable struct{ model.Host }

func TestFramesOfOtherInterpretersAreRefused(t *testing.T) {
	t.Parallel()
	c := newCall(model.Call{Host: untouchable{}})
	c.interp = &interpreter{id: 1}
	process.begin(c)
	defer process.end(c)
	refusesEverything(t, cpython.Caller{Interp: 2, Frame: frameOf(c.number, 1)})
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
