package lane

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"

	"maestro/embed"
	"maestro/internal/model"
	"maestro/lane/process"
)

// Lanes are the lanes of a server. Create it with New; it is safe for concurrent use.
type Lanes struct {
	embedded *embed.Host
	process  *process.Lane
}

var _ model.Lane = (*Lanes)(nil)

// New makes Lanes of the two, which it starts and closes.
func New(embedded *embed.Host, children *process.Lane) *Lanes {
	return &Lanes{embedded: embedded, process: children}
}

// Start starts what must be there before the first call.
func (l *Lanes) Start(ctx context.Context) error { return l.embedded.Start(ctx) }

// Close ends both lanes; see embed.Host.
func (l *Lanes) Close(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- l.process.Close(ctx) }()
	err := l.embedded.Close(ctx)
	return errors.Join(err, <-ended)
}

// Call implements model.Lane.
func (l *Lanes) Call(ctx context.Context, call model.Call) (model.Outcome, error) {
	if call.Lane == model.LaneProcess {
		return l.process.Call(ctx, call)
	}
	return l.embedded.Call(ctx, call)
}

// Changed implements model.Lane.
func (l *Lanes) Changed(tenant string, number uint64) {
	l.embedded.Changed(tenant, number)
	l.process.Changed(tenant, number)
}

// Forget implements model.Lane.
func (l *Lanes) Forget(tenant string) {
	l.embedded.Forget(tenant)
	l.process.Forget(tenant)
}

// Compile implements model.Compiler.
func (l *Lanes) Compile(ctx context.Context, function string, version int, source string) (*model.Program, error) {
	return l.embedded.Compile(ctx, function, version, source)
}

// CompileModule implements model.Compiler.
func (l *Lanes) CompileModule(ctx context.Context, name string, version int, source string) (*model.Program, error) {
	return l.embedded.CompileModule(ctx, name, version, source)
}

// Inspect implements model.Compiler.
func (l *Lanes) Inspect(ctx context.Context, name, source string, siblings []string) (model.Inspection, error) {
	return l.embedded.Inspect(ctx, name, source, siblings)
}

// Hints implements model.Compiler.
func (l *Lanes) Hints(ctx context.Context, function, source string) (model.Hints, error) {
	return l.embedded.Hints(ctx, function, source)
}

// Interpreter says how the interpreters of a subtenant are: those of its processes, if
// there are any, and the threads of the server that are stuck.
func (l *Lanes) Interpreter(tenant string) model.InterpreterStatus {
	children, found := l.process.Status(tenant)
	return together(l.embedded.Interpreter(tenant), children, found)
}

// Interpreters names the subtenants that have interpreters or processes now, sorted.
func (l *Lanes) Interpreters() []string {
	names := append(l.embedded.Interpreters(), l.process.Tenants()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// Free ends a subtenant's interpreters: its running calls are cancelled, its next call
// gets another one.
func (l *Lanes) Free(tenant string) model.InterpreterStatus {
	children, found := l.process.Free(tenant)
	return together(l.embedded.Free(tenant), children, found)
}

func together(status, children model.InterpreterStatus, found bool) model.InterpreterStatus {
	if !found {
		return status
	}
	status.State = children.State
	status.Calls += children.Calls
	status.Processes = children.Processes
	return status
}

// Stats returns the figures of the interpreters in the server.
func (l *Lanes) Stats() embed.Stats { return l.embedded.Stats() }

// Children returns the figures of the children.
func (l *Lanes) Children() process.Stats { return l.process.Stats() }

// SitesInUse returns the folders of packages that must be kept.
func (l *Lanes) SitesInUse() map[string]bool {
	sites := l.embedded.SitesInUse()
	maps.Copy(sites, l.process.SitesInUse())
	return sites
}

// CalledFrom reports whether code of a subtenant's has made a connection to the server's
// port; see embed.Host.
func (l *Lanes) CalledFrom(remote, local netip.AddrPort) bool {
	return l.embedded.CalledFrom(remote, local)
}
