package schema

import (
	"runtime"
	"time"
)

const (
	// firstTurns is the length of a turn of a validation that has computed for less than longFrom, which a value of some
	// megabytes needs. A validation that takes less needs no turn.
	firstTurns = 5 * time.Millisecond
	longFrom   = 200 * time.Millisecond
	// laterTurns is the length of a turn from then on.
	laterTurns = time.Millisecond
	// turnPause is how long nothing computes at the end of a turn; Go's poller makes a millisecond of it.
	turnPause = 500 * time.Microsecond
)

// turns are what long validations compute in: fewer at the same time than there are processors, so that
// however many of them there are, the other goroutines have one. Those that wait get their turns in the order
// in which they came.
var turns = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))

// rest lets other goroutines have the processor, which Go itself does after 10 ms only. It reports false if the
// deadline has passed meanwhile.
//
// To yield is enough for a validation that is soon over. But a processor that always has a goroutine to run, if only
// one that has yielded, does not ask the network for more: with as many validations as processors, Go asks every
// 10 ms. So a long one takes turns, and sleeps between them.
func (p *pace) rest() bool {
	if p.inTurns && p.began.IsZero() {
		p.began = time.Now()
	}
	length := firstTurns
	if p.computed >= longFrom {
		length = laterTurns
	}
	now := time.Since(p.began)
	if !p.inTurns || now < length {
		runtime.Gosched()
		return true
	}
	p.computed += now
	if p.turn {
		time.Sleep(turnPause) // before the next one has the turn
		p.leaveTurn()
	}
	ok := p.takeTurn()
	p.began = time.Now()
	return ok
}

// takeTurn waits for a turn, until the deadline.
func (p *pace) takeTurn() bool {
	select {
	case turns <- struct{}{}:
		p.turn = true
		return true
	default:
	}
	var due <-chan time.Time
	if !p.deadline.IsZero() {
		timer := time.NewTimer(time.Until(p.deadline))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case turns <- struct{}{}:
		p.turn = true
		return true
	case <-due:
	case <-p.ctx.Done():
	}
	return false
}

// leaveTurn gives a turn back, if there is one. It must be called when the work is over.
func (p *pace) leaveTurn() {
	if p.turn {
		p.turn = false
		<-turns
	}
}
