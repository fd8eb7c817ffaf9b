package cpython

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A loopStage is one event loop of a stage, and the calls that wait for it.
type loopStage struct {
	*stage
	loop *Loop

	waiting []CallArgs                 // guarded by stage.mu
	results map[uint64]chan CallResult // guarded by stage.mu
	end     bool                       // guarded by stage.mu
}

var loopStages sync.Map // number → *loopStage

// Carried implements Loops.
func (s *stageSet) Carried(uint64) {}

// Take implements Loops.
func (s *stageSet) Take(loop uint64) Taken {
	found, _ := loopStages.Load(loop)
	l := found.(*loopStage)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) > 0 {
		args := l.waiting[0]
		l.waiting = l.waiting[1:]
		return Taken{Call: &args}
	}
	return Taken{End: l.end}
}

// Done implements Loops.
func (s *stageSet) Done(loop, ticket uint64, result CallResult) {
	found, _ := loopStages.Load(loop)
	l := found.(*loopStage)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.results[ticket] <- result
}

// startLoop runs an event loop of the stage until the test ends.
func startLoop(t *testing.T, st *stage) *loopStage {
	t.Helper()
	number := stages.lastCall.Add(1)
	loop, err := st.in.NewLoop(number)
	require.NoError(t, err)
	l := &loopStage{stage: st, loop: loop, results: map[uint64]chan CallResult{}}
	loopStages.Store(number, l)
	done := make(chan *Exception, 1)
	go func() {
		runtime.LockOSThread()
		exc := loop.Run()
		st.in.DropThread()
		done <- exc
	}()
	t.Cleanup(func() {
		l.mu.Lock()
		l.end = true
		l.mu.Unlock()
		loop.Wake()
		require.Nil(t, <-done)
		loopStages.Delete(number)
	})
	return l
}

// begin gives the loop a call. Its result comes through the channel.
func (l *loopStage) begin(name, input string) (ticket uint64, result chan CallResult) {
	args := l.args(name, input)
	ticket, result = args.Frame>>20, make(chan CallResult, 1)
	l.mu.Lock()
	l.results[ticket] = result
	l.waiting = append(l.waiting, args)
	l.mu.Unlock()
	l.loop.Wake()
	return ticket, result
}

// result waits for a call of the loop, which is to succeed.
func (l *loopStage) result(name, input string) string {
	l.t.Helper()
	_, results := l.begin(name, input)
	result := <-results
	if result.Exception != nil {
		require.Fail(l.t, result.Exception.Error(), result.Exception.Traceback)
	}
	return string(result.Output)
}
