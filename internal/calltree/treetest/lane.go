package treetest

import (
	"context"
	"sync/atomic"

	"maestro/internal/calltree"
	"maestro/internal/model"
)

// compiler gives each program a key; the lanes below run no code.
type compiler struct{ keys atomic.Uint64 }

func (c *compiler) Compile(_ context.Context, function string, version int, source string) (*model.Program, error) {
	return &model.Program{Key: c.keys.Add(1), Function: function, Version: version, Source: source}, nil
}

func (c *compiler) CompileModule(ctx context.Context, name string, version int, source string) (*model.Program, error) {
	return c.Compile(ctx, name, version, source)
}

func (*compiler) Inspect(context.Context, string, string, []string) (model.Inspection, error) {
	return model.Inspection{}, nil
}

func (*compiler) Hints(context.Context, string, string) (model.Hints, error) {
	return model.Hints{}, nil
}

// Local is a lane that runs plans in this process, with the engine as their Host.
type Local struct{ compiler }

var _ model.Lane = (*Local)(nil)

// Call implements model.Lane.
func (*Local) Call(_ context.Context, call model.Call) (model.Outcome, error) {
	output, failure := Run(call.Host, 0, call.Input)
	return model.Outcome{Output: output, Failure: failure}, nil
}

// Changed implements model.Lane.
func (*Local) Changed(string, uint64) {}

// Forget implements model.Lane.
func (*Local) Forget(string) {}

// Remote is a lane that runs plans as a child process does: with a calltree.Host, which
// reports to the engine. It is for one subtenant.
type Remote struct {
	compiler
	Asked     atomic.Int64 // names that were resolved by the engine
	catalogue calltree.Catalogue
}

var _ model.Lane = (*Remote)(nil)

// Call implements model.Lane. The error is that of a report that was refused.
func (l *Remote) Call(ctx context.Context, call model.Call) (model.Outcome, error) {
	link := &Link{RemoteHost: call.Host.(model.RemoteHost), asked: &l.Asked}
	host := calltree.New(ctx, link.Frame(), call.Program, link, &l.catalogue)
	output, failure := Run(host, 0, call.Input)
	host.Close()
	return model.Outcome{Output: output, Failure: failure}, link.Broken()
}

// Changed implements model.Lane.
func (l *Remote) Changed(_ string, number uint64) { l.catalogue.Changed(number) }

// Forget implements model.Lane.
func (*Remote) Forget(string) {}
