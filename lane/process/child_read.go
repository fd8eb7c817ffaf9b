package process

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/model"
	"maestro/lane/wire"
)

// lastWords is how long the frames of a process that has ended may take. They are in
// the connection already, unless a process that it has started holds its end.
const lastWords = 100 * time.Millisecond

// attend takes what the child sends until its process has ended.
func (ch *child) attend() {
	go func() {
		<-ch.proc.Exited()
		ch.conn.deadline(time.Now().Add(lastWords))
	}()
	ch.died(ch.read())
}

// source is all that a child sends: what comes through the connection, and, when its
// process has ended, the frames that it had yet to send.
type source struct {
	child    *child
	received uint64
	rest     *bytes.Reader // nil until the connection is at its end
}

// errHungUp says that nothing more comes through the connection.
var errHungUp = errors.New("the process has closed its connection")

// Read returns errNothing when it would have to wait, and errHungUp until finish is called.
func (s *source) Read(p []byte) (int, error) {
	if s.rest != nil {
		return s.rest.Read(p)
	}
	n, err := s.child.conn.read(p)
	s.received += uint64(n)
	if n == 0 && !errors.Is(err, errNothing) {
		return 0, errHungUp
	}
	return n, err
}

// finish goes on with the frames that had yet to be sent.
func (s *source) finish() {
	s.child.proc.Kill() // it may have closed its connection, and live
	<-s.child.proc.Exited()
	s.rest = bytes.NewReader(s.child.slate.Rest(s.received))
}

// first returns the child's first frame.
func (ch *child) first(deadline time.Time) (kind wire.Kind, fields wire.Fields, err error) {
	ch.reading.Lock()
	defer ch.reading.Unlock()
	ch.conn.deadline(deadline)
	defer ch.conn.deadline(time.Time{})
	waited := ch.conn.await(func() bool {
		kind, fields, err = ch.in.Next()
		return !errors.Is(err, errNothing)
	})
	return kind, fields, errors.Join(err, waited)
}

// read takes frames until there are none, or one that no honest child sends.
func (ch *child) read() error {
	_ = ch.conn.await(ch.takeAll)
	ch.reading.Lock()
	defer ch.reading.Unlock()
	if ch.fault == nil { // its process has ended, and another one holds its end
		ch.source.finish()
	}
	for ch.fault == nil {
		_ = ch.takeNext() // all else is ch.fault by now
	}
	return ch.fault
}

// takeAll takes the frames that have come; true: no more come.
func (ch *child) takeAll() bool {
	ch.reading.Lock()
	defer ch.reading.Unlock()
	ch.conn.reported = true
	for ch.fault == nil {
		switch err := ch.takeNext(); {
		case errors.Is(err, errNothing):
			return false
		case err != nil:
			ch.source.finish()
		}
	}
	return true
}

// takeNext takes a frame; errNothing and errHungUp are those of the source. What else can be
// wrong is ch.fault. ch.reading is held.
func (ch *child) takeNext() error {
	kind, fields, err := ch.in.Next()
	var absurd *wire.LengthError
	switch {
	case err == nil:
		if err = ch.take(kind, fields); err != nil {
			ch.fault = &brokenError{err}
		}
	case errors.Is(err, errNothing) || errors.Is(err, errHungUp):
		return err
	case errors.As(err, &absurd):
		ch.fault = &brokenError{err}
	default:
		ch.fault = err
	}
	return nil
}

// brokenError says that a child has sent what no honest one sends.
type brokenError struct{ cause error }

func (e *brokenError) Error() string { return e.cause.Error() }

func (e *brokenError) Unwrap() error { return e.cause }

func (ch *child) take(kind wire.Kind, fields wire.Fields) error {
	switch kind {
	case wire.KindOutcome:
		outcome, err := wire.ReadOutcome(fields)
		switch {
		case err != nil:
		case outcome.Refused != nil:
			err = calltree.CheckRefusal(outcome.Refused.Code, outcome.Refused.RetryAfter)
		default:
			err = calltree.CheckOutcome(&outcome.Outcome)
		}
		if err == nil {
			ch.takeOutcome(&outcome)
		}
		return err
	case wire.KindLeft:
		number, err := wire.ReadNumber(fields)
		if c := ch.find(number); c != nil {
			ch.finish(c)
		}
		return err
	case wire.KindStepBegan:
		number, began, err := wire.ReadStepBegan(fields)
		if c := ch.find(number); c != nil && err == nil {
			return c.remote.StepBegan(began)
		}
		return err
	case wire.KindStepEnded:
		number, ended, err := wire.ReadStepEnded(fields)
		if c := ch.find(number); c != nil && err == nil {
			return c.remote.StepEnded(ended)
		}
		return err
	case wire.KindLine:
		number, step, line, err := wire.ReadLine(fields)
		if c := ch.find(number); c != nil && err == nil {
			return c.remote.Line(step, line)
		}
		return err
	case wire.KindPiece:
		number, piece, err := wire.ReadPiece(fields)
		if err == nil {
			err = calltree.CheckPiece(&piece)
		}
		if c := ch.find(number); c != nil && err == nil {
			ch.emit(c, piece)
		}
		return err
	case wire.KindTenantLine:
		line, err := wire.ReadTenantLine(fields)
		if err == nil {
			ch.tenant.lane.opt.OnTenantLog(ch.tenant.name, line)
		}
		return err
	case wire.KindAsk:
		ask, err := wire.ReadAsk(fields)
		if err == nil && ch.asking.Add(1) > mostAsks {
			return fmt.Errorf("it asks for more than %d answers at once", mostAsks)
		}
		if err == nil {
			go ch.reply(&ask)
		}
		return err
	case wire.KindUnfit:
		reason, err := wire.ReadText(fields)
		if err == nil {
			ch.unfit(reason)
		}
		return err
	default:
		return fmt.Errorf("it has sent a frame of kind %d", kind)
	}
}

// find returns a call in ch; nil when it has ended: what a child still reports of it is
// late.
func (ch *child) find(number uint64) *call {
	ch.tenant.mu.Lock()
	defer ch.tenant.mu.Unlock()
	return ch.calls[number]
}

// takeOutcome ends a call.
func (ch *child) takeOutcome(o *wire.Outcome) {
	var err error
	if o.Refused != nil {
		refused := model.NewError(o.Refused.Code, "%s", o.Refused.Detail)
		refused.RetryAfter = o.Refused.RetryAfter
		err = refused
	}
	t := ch.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	c := ch.calls[o.Number]
	if c == nil {
		return
	}
	first := !c.answered
	c.answer(o.Outcome, err)
	switch {
	case !o.Goes:
		ch.leave(c)
	case first: // the child's clock was the first to see the deadline
		ch.stopping(c)
	}
}

// unfit has the child replaced that says that it should be.
func (ch *child) unfit(reason string) {
	t := ch.tenant
	t.lane.opt.Log.Info("a process of a subtenant is replaced", slog.String("tenant", t.name), slog.Int("pid", ch.proc.Pid()), slog.String("reason", reason))
	t.mu.Lock()
	defer t.mu.Unlock()
	ch.retire()
}

// mostAsks is more than a child has threads that could wait for an answer.
const mostAsks = 4096

// reply answers what a call asks.
func (ch *child) reply(ask *wire.Ask) {
	defer ch.asking.Add(-1)
	answer := wire.Answer{Number: ask.Number}
	var program *model.Program
	if c := ch.find(ask.Call); c == nil {
		answer.Raise = calltree.Over
	} else {
		program = ch.ask(c.remote, ask, &answer)
	}
	if ch.out.Send(answer.Frame()) == nil && program != nil {
		ch.noteSent(program.Key)
	}
}

// ask asks the engine. It returns the program that the answer brings.
func (ch *child) ask(remote model.RemoteHost, ask *wire.Ask, answer *wire.Answer) *model.Program {
	switch ask.Question {
	case wire.AskResolve, wire.AskModule:
		resolve := remote.Resolve
		if ask.Question == wire.AskModule {
			resolve = remote.ResolveModule
		}
		found, raise := resolve(ask.Name)
		if answer.Raise = raise; raise != nil {
			return nil
		}
		answer.Resolved = &wire.Resolved{Input: found.Input, Output: found.Output, AsOf: found.AsOf, OfRun: found.OfRun}
		if found.Program == nil {
			return nil
		}
		answer.Resolved.Program.Key = found.Program.Key
		if !ch.learn(found.Program) {
			answer.Resolved.Program.Whole = found.Program
			return found.Program
		}
	case wire.AskNames:
		names := remote.ResolveNames()
		answer.Names = &names
	case wire.AskSecret:
		answer.Text, answer.Raise = remote.SecretFor(string(ask.Input), ask.Name)
	case wire.AskRequest:
		answer.Request, answer.Raise = remote.Request()
	case wire.AskHandOver:
		remote.HandOver()
	case wire.AskRoom, wire.AskRoomWait:
		answer.State = remote.Emit(model.Emitted{Kind: model.EmitRoom}, ask.Question == wire.AskRoomWait)
	case wire.AskSpawn:
		answer.ID, answer.Raise = remote.Spawn(ask.Name, ask.Input, ask.Delay)
	}
	return nil
}
