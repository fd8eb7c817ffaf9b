package schema

import (
	"context"
	"errors"
	"time"
)

// ErrDeadline is returned when the deadline passes, or the context ends, before the
// end of the validation.
var ErrDeadline = errors.New("validation ran past the deadline")

// stepsPerLook is the number of steps between two readings of the clock. A step is
// 20 to 100 ns of work, so the clock is read at least every 0.2 ms.
const stepsPerLook = 2048

// looksPerRest is the number of looks after which other goroutines have a turn: about half a
// millisecond of work.
const looksPerRest = 2

// pace counts the work of one validation and ends it at its deadline. Every loop
// over a value, and every visit of a subschema, spends steps. Once spend returns
// false it always does, and the results so far are void. It belongs to one
// goroutine.
type pace struct {
	ctx      context.Context
	deadline time.Time     // zero: only that of ctx
	left     int           // steps until the next reading of the clock
	looks    int           // at the clock
	inTurns  bool          // long work is done in turns; leaveTurn must be called at its end
	turn     bool          // it has one of the turns
	began    time.Time     // the turn, or the time before the first
	computed time.Duration // in the turns before it
	err      error         // why the work has ended; nil: it continues
}

// noDeadline ends the work by the context only.
var noDeadline time.Time

func newPace(ctx context.Context, deadline time.Time) pace {
	return pace{ctx: ctx, deadline: deadline, left: stepsPerLook}
}

// spend takes n steps and reports whether the work may continue.
func (p *pace) spend(n int) bool {
	p.left -= n
	return p.left > 0 || p.look()
}

func (p *pace) look() bool {
	if p.err != nil {
		return false
	}
	if p.ctx.Err() != nil || !p.deadline.IsZero() && !time.Now().Before(p.deadline) {
		p.end(ErrDeadline)
		return false
	}
	if p.looks++; p.looks%looksPerRest == 0 && !p.rest() {
		p.end(ErrDeadline)
		return false
	}
	p.left = stepsPerLook
	return true
}

// end makes every further spend return false.
func (p *pace) end(err error) {
	if p.err == nil {
		p.err = err
	}
	p.left = 0
}
