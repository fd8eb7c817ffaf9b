package child

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"maestro/internal/calltree"
	"maestro/internal/model"
	"maestro/lane/wire"
)

// call is an outer call in progress. It is the Link of its call tree.
type call struct {
	child  *child
	number uint64
	host   *calltree.Host
	cancel context.CancelFunc
	hungUp atomic.Bool   // its pieces are not taken any more
	ahead  atomic.Int64  // bytes of pieces since there was room for more
	ended  chan struct{} // closed when the code of a call that was stopped has ended; nil for one on the leader's thread

	mu   sync.Mutex // guards what follows
	goes bool       // it was answered, and its code goes on
}

var _ calltree.Link = (*call)(nil)

// takeCall begins a call.
func (c *child) takeCall(fields wire.Fields, run func(context.Context, *call, *model.Call)) error {
	message, err := wire.ReadCall(fields)
	if err != nil {
		return err
	}
	program, err := c.program(message.Program)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &call{child: c, number: message.Number, cancel: cancel}
	c.note(r)
	message.Run.Subtenant = c.setup.Tenant
	r.host = calltree.New(ctx, message.Run, program, r, &c.catalogue)
	run(ctx, r, &model.Call{
		Tenant: c.setup.Tenant, Program: program, Input: message.Input, Request: message.Request,
		Deadline: message.Run.Deadline, Host: r.host, Packages: c.setup.Packages,
	})
	return nil
}

func (c *child) note(r *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[r.number] = r
}

func (c *child) drop(r *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, r.number)
}

// find returns a call that has not ended, or nil.
func (c *child) find(number uint64) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[number]
}

// runHere runs a call on the leader's thread, if it can begin there.
func (c *child) runHere(ctx context.Context, r *call, mc *model.Call) {
	c.reading.enter()
	outcome, began, err := c.reading.thread.Run(*mc, r.number)
	if !began {
		c.runElsewhere(ctx, r, mc)
	} else {
		c.drop(r)
		r.end(outcome, err, false, c.reading.more(c.in))
	}
	c.reading.leave()
}

// runElsewhere has the host choose a thread.
func (c *child) runElsewhere(ctx context.Context, r *call, mc *model.Call) {
	r.ended = make(chan struct{})
	c.running.Go(func() {
		defer c.drop(r)
		outcome, err := c.host.CallNumbered(ctx, *mc, r.number)
		if goes := r.goesOn(); r.end(outcome, err, goes, false) && goes {
			<-r.ended
			_ = c.out.Send(wire.NumberFrame(wire.KindLeft, r.number)) // or the server is gone
		}
	})
}

// end reports the outcome, and whether that was possible. goes says that the code of the
// call goes on, more that another outcome will soon be reported.
func (r *call) end(outcome model.Outcome, err error, goes, more bool) bool {
	r.cancel()
	r.host.Close() // before the outcome: nothing is reported of it after that
	answer := wire.Outcome{Number: r.number, Outcome: outcome, Refused: refusalOf(err), Goes: goes}
	if more {
		return r.child.hold(answer.Frame()) // with that of the next call
	}
	return r.child.out.Send(answer.Frame()) == nil
}

func (r *call) goesOn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.goes
}

// stopped is embed.Options.OnStop.
func (c *child) stopped(number uint64, over bool) {
	r := c.find(number)
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.goes = !over
	if over && r.ended != nil {
		close(r.ended)
	}
}

// cancel ends a call by order of the server.
func (c *child) cancel(number uint64) {
	if r := c.find(number); r != nil {
		r.cancel()
		c.host.CancelNumbered(number) // of one on the leader's thread
	}
}

// refusalOf is an error of the host as the server gets it.
func refusalOf(err error) *wire.Refusal {
	if err == nil {
		return nil
	}
	var coded *model.Error
	if !errors.As(err, &coded) {
		return &wire.Refusal{Code: model.CodeInternal, Detail: err.Error()}
	}
	detail := coded.Detail
	if coded.Cause != nil {
		detail += " (" + coded.Cause.Error() + ")"
	}
	return &wire.Refusal{Code: coded.Code, Detail: detail, RetryAfter: coded.RetryAfter}
}
