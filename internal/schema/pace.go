package schema

import (
	"context"
	"errors"
	"time"
)

// ErrDeadline is returned when the deadline passed, or the context ended,
// before the validation did.
var ErrDeadline = errors.New("validation ran past the deadline")

// stepsPerLook is how many steps are taken between two looks at the clock. A
// step is some 20 to 100 ns of work, so a look comes at least every 0.2 ms.
const stepsPerLook = 2048

// pace counts the work of one validation and ends it at its deadline. Every
// loop over a value, and every visit of a subschema, spends steps; once spend
// answers false it always does, and what was computed until then counts for
// nothing. It belongs to one goroutine.
type pace struct {
	ctx      context.Context
	deadline time.Time // zero: none but that of ctx
	left     int       // steps until the next look at the clock
	err      error     // why the work is over; nil: it goes on
}

// noDeadline leaves the end of the work to the context alone.
var noDeadline time.Time

func newPace(ctx context.Context, deadline time.Time) pace {
	return pace{ctx: ctx, deadline: deadline, left: stepsPerLook}
}

// spend takes n steps and reports whether the work may go on.
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
	p.left = stepsPerLook
	return true
}

// end makes every further spend answer false.
func (p *pace) end(err error) {
	if p.err == nil {
		p.err = err
	}
	p.left = 0
}
