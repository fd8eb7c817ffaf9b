package child

import (
	"context"
	"errors"
	"sync"

	"maestro/internal/calltree"
	"maestro/internal/model"
	"maestro/lane/wire"
)

// call is an outer call in progress. It is the Link of its call tree.
type call struct {
	child  *child
	number uint64
	cancel context.CancelFunc

	mu    sync.Mutex // guards what follows
	goes  bool       // it was answered, and its code goes on
	ended chan struct{}
}

var _ calltree.Link = (*call)(nil)

// takeCall begins a call.
func (c *child) takeCall(fields wire.Fields) error {
	message, err := wire.ReadCall(fields)
	if err != nil {
		return err
	}
	program, err := c.program(message.Program)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	running := &call{child: c, number: message.Number, cancel: cancel, ended: make(chan struct{})}
	c.calls.Store(message.Number, running)
	message.Run.Subtenant = c.setup.Tenant
	c.running.Go(func() { running.run(ctx, &message, program) })
	return nil
}

// run runs the call, and returns when its code has ended.
func (r *call) run(ctx context.Context, message *wire.Call, program *model.Program) {
	c := r.child
	defer c.calls.Delete(r.number)
	defer r.cancel()
	host := calltree.New(ctx, message.Run, program, r, &c.catalogue)
	outcome, err := c.host.CallNumbered(ctx, model.Call{
		Tenant: c.setup.Tenant, Program: program, Input: message.Input, Request: message.Request,
		Deadline: message.Run.Deadline, Host: host, Packages: c.setup.Packages,
	}, r.number)
	host.Close() // before the outcome: nothing is reported of it after that
	answer := wire.Outcome{Number: r.number, Outcome: outcome, Refused: refusalOf(err), Goes: r.goesOn()}
	if c.out.Send(answer.Frame()) == nil && answer.Goes {
		<-r.ended
		_ = c.out.Send(wire.NumberFrame(wire.KindLeft, r.number)) // or the server is gone
	}
}

func (r *call) goesOn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.goes
}

// stopped is embed.Options.OnStop.
func (c *child) stopped(number uint64, over bool) {
	value, _ := c.calls.Load(number)
	if value == nil {
		return
	}
	r := value.(*call)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.goes = !over
	if over {
		close(r.ended)
	}
}

// cancel ends a call by order of the server.
func (c *child) cancel(number uint64) {
	if value, _ := c.calls.Load(number); value != nil {
		value.(*call).cancel()
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
