package child

import (
	"time"

	"maestro/internal/calltree"
	"maestro/internal/model"
	"maestro/lane/wire"
)

// StepBegan implements calltree.Link.
func (r *call) StepBegan(began model.StepBegan) { r.child.hold(wire.StepBeganFrame(r.number, &began)) }

// StepEnded implements calltree.Link.
func (r *call) StepEnded(ended model.StepEnded) { r.child.hold(wire.StepEndedFrame(r.number, &ended)) }

// Line implements calltree.Link.
func (r *call) Line(step model.StepRef, line model.LogLine) {
	r.child.hold(wire.LineFrame(r.number, step, &line))
}

// Resolve implements calltree.Link.
func (r *call) Resolve(name string) (model.Resolved, *model.Raise) {
	return r.resolve(wire.Ask{Question: wire.AskResolve, Name: name})
}

// ResolveModule implements calltree.Link.
func (r *call) ResolveModule(name string) (model.Resolved, *model.Raise) {
	return r.resolve(wire.Ask{Question: wire.AskModule, Name: name})
}

func (r *call) resolve(ask wire.Ask) (model.Resolved, *model.Raise) {
	answer := r.ask(ask)
	if answer.Raise != nil || answer.Resolved == nil {
		return model.Resolved{}, answer.Raise
	}
	found := answer.Resolved
	return model.Resolved{Program: found.Program.Whole, Input: found.Input, Output: found.Output, AsOf: found.AsOf, OfRun: found.OfRun}, nil
}

// ResolveNames implements calltree.Link.
func (r *call) ResolveNames() model.ResolvedNames {
	if answer := r.ask(wire.Ask{Question: wire.AskNames}); answer.Names != nil {
		return *answer.Names
	}
	return model.ResolvedNames{}
}

// HandOver implements calltree.Link.
func (r *call) HandOver() { r.ask(wire.Ask{Question: wire.AskHandOver}) }

// SecretFor implements calltree.Link.
func (r *call) SecretFor(by, name string) (string, *model.Raise) {
	answer := r.ask(wire.Ask{Question: wire.AskSecret, Name: name, Input: []byte(by)})
	return answer.Text, answer.Raise
}

// Request implements calltree.Link.
func (r *call) Request() (*model.HTTPRequest, *model.Raise) {
	answer := r.ask(wire.Ask{Question: wire.AskRequest})
	return answer.Request, answer.Raise
}

// Spawn implements calltree.Link.
func (r *call) Spawn(name string, input []byte, delay time.Duration) (model.ID, *model.Raise) {
	answer := r.ask(wire.Ask{Question: wire.AskSpawn, Name: name, Input: input, Delay: delay})
	return answer.ID, answer.Raise
}

// ask asks the server, and waits for its answer.
func (r *call) ask(ask wire.Ask) wire.Answer {
	c := r.child
	answers := make(chan wire.Answer, 1)
	c.mu.Lock()
	if c.gone {
		c.mu.Unlock()
		return wire.Answer{Raise: calltree.Over}
	}
	c.last++
	ask.Number, ask.Call = c.last, r.number
	c.asks[ask.Number] = answers
	c.mu.Unlock()
	if c.out.Send(ask.Frame()) != nil {
		c.mu.Lock()
		delete(c.asks, ask.Number)
		c.mu.Unlock()
		return wire.Answer{Raise: calltree.Over}
	}
	return c.await(answers)
}

// takeAnswer hands an answer over.
func (c *child) takeAnswer(fields wire.Fields) error {
	answer, err := wire.ReadAnswer(fields)
	if err != nil {
		return err
	}
	if found := answer.Resolved; found != nil && found.Program.Key != 0 {
		// Here, in the order of the frames: the next one may name it.
		if found.Program.Whole, err = c.program(found.Program); err != nil {
			return err
		}
	}
	c.mu.Lock()
	waiting := c.asks[answer.Number]
	delete(c.asks, answer.Number)
	c.mu.Unlock()
	if waiting != nil {
		waiting <- answer
	}
	return nil
}

// disconnect ends all that waits for the server.
func (c *child) disconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	for number, waiting := range c.asks {
		delete(c.asks, number)
		waiting <- wire.Answer{Raise: calltree.Over}
	}
}
