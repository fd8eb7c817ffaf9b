package process

import (
	"context"
	"time"

	"maestro/internal/model"
	"maestro/lane/wire"
)

// emit passes a piece on. After the first one the caller of c goes on.
func (ch *child) emit(c *call, piece model.Emitted) {
	switch state := c.remote.Emit(piece, false); {
	case state == model.EmitGone:
		_ = ch.out.Send(wire.NumberFrame(wire.KindHangUp, c.number)) // or the child is gone
	case c.Stream && piece.Kind == model.EmitHead && state != model.EmitCollect:
		c.handOver()
	}
}

// handOver lets the caller of c go on, whose generator has begun to yield.
func (c *call) handOver() {
	c.tenant.mu.Lock()
	defer c.tenant.mu.Unlock()
	if c.rest == nil && !c.answered {
		c.rest = make(chan struct{}, 1)
		c.done <- struct{}{}
	}
}

// awaitRest waits for the outcome of a call that was handed over.
func (c *call) awaitRest(ctx context.Context, ch *child) (model.Outcome, error) {
	var deadline <-chan time.Time
	if !c.Deadline.IsZero() {
		due := time.NewTimer(time.Until(c.Deadline))
		defer due.Stop()
		deadline = due.C
	}
	select {
	case <-c.rest:
	case <-ctx.Done():
		ch.stop(c, cancelled())
	case <-deadline:
		ch.stop(c, timedOut())
	}
	return c.outcome, c.err
}
