package embed

import (
	"sync"
	"sync/atomic"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
	"maestro/internal/rate"
)

// clock is the time in nanoseconds since the process began, monotonic. It is
// what the scheduling compares: half the size and cost of a time.Time.
type clock int64

var epoch = time.Now()

func now() clock { return clock(time.Since(epoch)) }

func (c clock) add(d time.Duration) clock { return c + clock(d) }

func (c clock) since(earlier clock) time.Duration { return time.Duration(c - earlier) }

// never is later than any time.
const never = clock(1<<63 - 1)

// callNumbers gives every call of the process its own number. It is the
// upper part of the frame that C carries along, and the ticket by which a call
// is stopped.
var callNumbers atomic.Uint64

// stepBits is the part of a frame that holds the step within its call.
const stepBits = 20

// maxStep is the highest step that a frame can name.
const maxStep = model.StepRef(1<<stepBits - 1)

func frameOf(number uint64, step model.StepRef) uint64 { return number<<stepBits | uint64(step) }

func splitFrame(frame uint64) (number uint64, step model.StepRef) {
	return frame >> stepBits, model.StepRef(frame & uint64(maxStep))
}

// call is one outer call in progress. It is never reused: a Python thread that
// outlived its function may still refer to it by its number.
type call struct {
	model.Call
	number uint64

	// Guarded by Host.mu.
	state      callState
	tenant     *tenant
	interp     *interpreter // from running on
	worker     *worker      // from running on, or
	loop       *loop        // of an async function
	queued     clock
	due        clock         // when the watch checks it next: its deadline, then the next rung
	watchSlot  int           // in the watch's heap, -1 when it is not there
	stopBegan  clock         // when it began to be stopped
	stopThread thread        // that it was on then
	stopUsed   time.Duration // by that thread until then
	cancels    int           // how often its task was cancelled
	met        cpython.Met   // the result of the latest stop

	// Of runningList.
	began          clock
	recent         bool
	earlier, later *call

	// answered is set, under Host.mu, when the outcome is decided: from then
	// on requests of Python are answered with "the execution is over".
	answered atomic.Bool
	outcome  model.Outcome
	err      error
	omitted  rate.Omission // of its output
	done     chan struct{} // gets one value after outcome and err are set, or when rest is
	rest     chan struct{} // takes done's place once the call goes on as a stream; nil: it does not. Guarded by Host.mu until done has got its value

	// pinned keeps alive the programs that Python must run and may not have
	// loaded yet.
	pinMu  sync.Mutex
	pinned []*model.Program
}

// doneChannels are reused: exactly one value goes through each, and the caller
// takes it before it returns the channel.
var doneChannels = sync.Pool{New: func() any { return make(chan struct{}, 1) }}

func newCall(c model.Call) *call { return newCallNumbered(c, callNumbers.Add(1)) }

func newCallNumbered(c model.Call, number uint64) *call {
	if c.Ticket != nil {
		c.Ticket.Store(number)
	}
	return &call{
		Call:      c,
		number:    number,
		watchSlot: -1,
		done:      doneChannels.Get().(chan struct{}),
	}
}

// args are the arguments that Python gets for c.
func (c *call) args() cpython.CallArgs {
	return cpython.CallArgs{
		Frame:      frameOf(c.number, 0),
		Key:        c.Program.Key,
		Generation: c.Host.Generation(),
		Input:      c.Input,
		Request:    c.Request,
	}
}

// pin keeps p alive as long as the call.
func (c *call) pin(p *model.Program) {
	c.pinMu.Lock()
	defer c.pinMu.Unlock()
	for _, have := range c.pinned {
		if have == p {
			return
		}
	}
	c.pinned = append(c.pinned, p)
}
