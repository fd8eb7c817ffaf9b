package embed

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
)

// fakeMachine stands for an interpreter where the scheduling is tested: it has
// a GIL, knows which threads have a state in it, and reports every breach of
// the rules that would crash the real one.
type fakeMachine struct {
	t   *testing.T
	id  uint64
	gil sync.Mutex

	mu      sync.Mutex
	states  map[int]bool // by thread
	inside  int
	stops   map[uint64]chan struct{} // by ticket, closed by Stop
	left    map[int]bool             // threads that will not use their state again
	running map[uint64]bool          // tickets whose thread has attached
	site    string                   // the folder that it was given
	parked  int
	ended   bool
}

var fakeIDs atomic.Uint64

// fakeSlots stands for Python's one slot in each thread: the machine whose state
// the thread attached last. A state must not be deleted by another thread while
// the slot points to it.
var fakeSlots sync.Map // thread → *fakeMachine

// attach makes the calling thread's state if need be and waits for the GIL.
func (m *fakeMachine) attach() {
	m.gil.Lock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		m.t.Errorf("a thread attaches to an ended interpreter")
	}
	m.states[syscall.Gettid()] = true
	fakeSlots.Store(syscall.Gettid(), m)
}

// fakePrograms are what the "programs" of the fake do: Program.Key → function.
var fakePrograms sync.Map

// fakeHangs are sources that take to compile until their channel is closed.
var fakeHangs sync.Map

// fakeCall is what a fake program gets.
type fakeCall struct {
	*fakeMachine
	args    cpython.CallArgs
	stopped <-chan struct{}
}

// allowThreads runs f with the GIL released.
func (f fakeCall) allowThreads(work func()) {
	f.gil.Unlock()
	defer f.gil.Lock()
	work()
}

// fakeProgram makes a program that runs f.
func fakeProgram(f func(fakeCall) string) *model.Program {
	p := &model.Program{Function: "fake"}
	process.addProgram(p)
	fakePrograms.Store(p.Key, f)
	return p
}

func newFakeMachine(t *testing.T) *fakeMachine {
	return &fakeMachine{t: t, id: 1<<40 + fakeIDs.Add(1), states: map[int]bool{}, stops: map[uint64]chan struct{}{}, running: map[uint64]bool{}, left: map[int]bool{}}
}

func (m *fakeMachine) ID() uint64 { return m.id }

func (m *fakeMachine) Memory() int64 { return 1 << 20 }

func (m *fakeMachine) AnnounceEnd() {}

func (m *fakeMachine) Call(args cpython.CallArgs) cpython.CallResult {
	stop := make(chan struct{})
	m.mu.Lock()
	if m.ended {
		m.t.Errorf("call in an ended interpreter")
	}
	m.inside++
	m.stops[args.Frame>>stepBits] = stop
	m.mu.Unlock()
	m.attach()
	m.mu.Lock()
	m.running[args.Frame>>stepBits] = true
	m.mu.Unlock()
	program, _ := fakePrograms.Load(args.Key)
	output := program.(func(fakeCall) string)(fakeCall{m, args, stop})
	m.gil.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inside--
	delete(m.stops, args.Frame>>stepBits)
	delete(m.running, args.Frame>>stepBits)
	if output == "" {
		return cpython.CallResult{Stopped: true, Interrupted: true, Exception: &cpython.Exception{Kind: cpython.ExceptionStopped}}
	}
	return cpython.CallResult{Output: []byte(output)}
}

func (m *fakeMachine) Confine(*cpython.Policy, cpython.Confinement) error { return nil }

func (m *fakeMachine) Invoke(function string, arg []byte) ([]byte, *cpython.Exception) {
	if function == "use_packages" {
		return nil, m.usePackages(string(arg))
	}
	var asked struct{ Source string }
	if err := json.Unmarshal(arg, &asked); err != nil {
		return nil, &cpython.Exception{Type: "ValueError", Message: err.Error()}
	}
	if hang, found := fakeHangs.Load(asked.Source); found {
		<-hang.(chan struct{})
	}
	return fmt.Appendf(nil, "{\"async\": false}\n%s", asked.Source), nil
}

// noSuchSite is a folder that cannot be read.
const noSuchSite = "/no/such/site"

func (m *fakeMachine) usePackages(site string) *cpython.Exception {
	m.attach()
	defer m.gil.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.site != "" || len(m.running) > 0 {
		m.t.Errorf("a fake interpreter gets %s after %q, with %d calls running", site, m.site, len(m.running))
	}
	if site == noSuchSite {
		return &cpython.Exception{Type: "FileNotFoundError", Message: site}
	}
	m.site = site
	return nil
}

// NewLoop makes an event loop that runs one call after the other.
func (m *fakeMachine) NewLoop(number uint64) (looper, error) {
	return &fakeLoop{fakeMachine: m, number: number, wake: make(chan struct{}, 1)}, nil
}

type fakeLoop struct {
	*fakeMachine
	number uint64
	wake   chan struct{}
}

func (l *fakeLoop) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *fakeLoop) Busy() time.Duration { return 0 }

func (l *fakeLoop) Run() *cpython.Exception {
	loops{process}.Carried(l.number)
	for range l.wake {
		for taken := (loops{process}).Take(l.number); ; taken = (loops{process}).Take(l.number) {
			if taken.End {
				return nil
			}
			if taken.Call == nil {
				break
			}
			loops{process}.Done(l.number, taken.Call.Frame>>stepBits, l.Call(*taken.Call))
		}
	}
	return nil
}

func (m *fakeMachine) Stop(ticket uint64, _ cpython.Rung) cpython.Met {
	m.gil.Lock()
	defer m.gil.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		m.t.Errorf("stop in an ended interpreter")
	}
	stop, found := m.stops[ticket]
	if found {
		select {
		case <-stop:
		default:
			close(stop)
		}
	}
	if !found {
		return cpython.MetNothing
	}
	return cpython.MetExecuting
}

func (m *fakeMachine) WakeSleeper(uint64) {}

func (m *fakeMachine) Knock(uint64) {}

// Park counts the call's thread as parked, if it keeps the GIL.
func (m *fakeMachine) Park(_ uint64, holder bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if holder {
		m.parked = 1
	}
}

func (m *fakeMachine) LeftUsed() time.Duration { return 0 }

func (m *fakeMachine) JudgeLeft(left, own cpython.Budget) cpython.LeftFound {
	return cpython.LeftFound{}
}

func (m *fakeMachine) KnockLeft() {}

func (m *fakeMachine) FinishChildren(uint64) {}

func (m *fakeMachine) ChargeChildren(bool, time.Duration, cpython.Budget, cpython.Budget) (bool, int, time.Duration) {
	return false, 0, 0
}

func (m *fakeMachine) Cut() {}

func (m *fakeMachine) Parked() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.parked
}

func (m *fakeMachine) Unpark() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parked = 0
}

func (m *fakeMachine) Running(ticket uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.running[ticket]
}

func (m *fakeMachine) LeaveThread() {
	m.mu.Lock()
	defer m.mu.Unlock()
	fakeSlots.CompareAndDelete(syscall.Gettid(), m) // it attaches never again
	if !m.ended {
		m.left[syscall.Gettid()] = true
	}
}

func (m *fakeMachine) DropThread() {
	m.gil.Lock()
	defer m.gil.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		m.t.Errorf("a thread state is dropped after the end")
	}
	if !m.states[syscall.Gettid()] {
		return // its only call was refused before it attached
	}
	delete(m.states, syscall.Gettid())
	fakeSlots.Delete(syscall.Gettid())
}

func (m *fakeMachine) SetOwner(string) {}

func (m *fakeMachine) End() {
	m.gil.Lock()
	defer m.gil.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		m.t.Errorf("an interpreter is ended twice")
	}
	if m.inside > 0 {
		m.t.Errorf("an interpreter is ended with %d calls in it", m.inside)
	}
	for thread := range m.states {
		if last, _ := fakeSlots.Load(thread); last == m && !m.left[thread] {
			m.t.Errorf("an interpreter is ended while its state is the last of a thread")
		}
	}
	m.ended = true
}

// fakeMachines is a supply of fakes.
func fakeMachines(t *testing.T) machines {
	return machines{
		load:     func(Options) error { return nil },
		tenant:   func() (machine, error) { return newFakeMachine(t), nil },
		compiler: func() (machine, error) { return newFakeMachine(t), nil },
		trim:     func() {},
		total:    func() int64 { return 0 },
		probe:    func() {},
	}
}

// noSiblings is a model.Host that knows no siblings.
type noSiblings struct{}

func (noSiblings) BeginStep(model.StepRef, string, []byte) (model.Begun, *model.Raise) {
	return model.Begun{}, &model.Raise{Kind: model.RaiseName}
}
func (noSiblings) EndStep(model.StepRef, []byte, *model.Failure) *model.Raise { return nil }
func (noSiblings) Lookup(name string) (*model.Program, *model.Raise) {
	return nil, &model.Raise{Kind: model.RaiseName, Name: name}
}
func (noSiblings) Module(string) (*model.Program, *model.Raise) { return nil, nil }
func (noSiblings) Siblings() ([]string, uint64)                 { return nil, 1 }
func (noSiblings) Generation() uint64                           { return 1 }
func (noSiblings) Request() (*model.HTTPRequest, *model.Raise)  { return nil, nil }
func (noSiblings) Log(model.StepRef, model.LogLine)             {}
func (noSiblings) Info(model.StepRef) (i model.CallInfo)        { return i }
func (noSiblings) Spawn(string, []byte, time.Duration) (model.ID, *model.Raise) {
	return model.ID{}, &model.Raise{Kind: model.RaiseEngine}
}
func (noSiblings) Emit(model.Emitted, bool) model.EmitState { return model.EmitCollect }

func (noSiblings) Secret(_ model.StepRef, name string) (string, *model.Raise) {
	return "", &model.Raise{Kind: model.RaiseSecret, Name: name}
}
