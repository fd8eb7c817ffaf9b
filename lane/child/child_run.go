package child

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"maestro/embed"
	"maestro/internal/calltree"
	"maestro/internal/model"
	"maestro/lane/wire"
)

const (
	// endLimit is how long the end of the subtenant's code may take when the server
	// has asked for it. The server has its own limit.
	endLimit = 5 * time.Second
	// flushAfter bounds how long steps and lines wait for more of them.
	flushAfter = 2 * time.Millisecond
)

// child is this process as the server sees it.
type child struct {
	in    *wire.Reader
	out   *wire.Writer
	log   *slog.Logger
	setup wire.Setup
	slate *os.File   // where the marker of a crash goes
	kept  []*os.File // the connection, with the slate
	host  *embed.Host

	catalogue calltree.Catalogue
	programs  sync.Map // key → *model.Program: all that the server has sent
	flushing  atomic.Bool
	reading   reading
	running   sync.WaitGroup

	mu    sync.Mutex // guards what follows
	calls map[uint64]*call
	asks  map[uint64]chan wire.Answer
	last  uint64 // number of an ask
	gone  bool   // the server is
}

// Run serves the server at the other end of conn until that has ended, or has asked for
// the end of this process. The process is to end then. Its own messages go to log.
func Run(ctx context.Context, conn *os.File, log *slog.Logger) error {
	tuneGarbage()
	slate, frames, err := wire.Receive(conn)
	if err != nil {
		return err
	}
	c := &child{
		in: wire.NewReader(frames, wire.FrameLimit), slate: slate, kept: []*os.File{conn, slate, frames}, log: log,
		calls: map[uint64]*call{}, asks: map[uint64]chan wire.Answer{},
	}
	if c.out, err = wire.NewWriterOn(conn, slate); err != nil {
		return err
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	asked, err := c.serve()
	if !asked {
		return err // the server is gone
	}
	c.running.Wait()
	limited, cancel := context.WithTimeout(ctx, endLimit)
	defer cancel()
	return c.host.Close(limited)
}

// begin reads whose child this is, and starts Python.
func (c *child) begin(ctx context.Context) error {
	kind, fields, err := c.in.Next()
	if err != nil {
		return fmt.Errorf("read the first frame of the server: %w", err)
	}
	if kind != wire.KindSetup {
		return fmt.Errorf("read the first frame of the server: it is of kind %d", kind)
	}
	if c.setup, err = wire.ReadSetup(fields); err != nil {
		return fmt.Errorf("read the first frame of the server: %w", err)
	}
	var ready wire.Ready
	if err = c.start(ctx); err != nil {
		ready.Problem = err.Error()
	}
	if sent := c.out.Send(ready.Frame()); sent != nil {
		return sent
	}
	return err
}

// start starts the host of the subtenant's code.
func (c *child) start(ctx context.Context) (err error) {
	s := &c.setup
	c.host, err = embed.New(embed.Options{
		Home: s.Home, Folder: s.Folder, Temporary: s.Temporary, MarkerFile: c.slate, Kept: c.kept,
		MaxThreads: int(s.Threads) + 1 /* the leader */, TenantThreads: int(s.Threads), TenantTasks: int(s.Tasks), WaitLimit: s.WaitLimit,
		Main: true, OnUnfit: func(reason embed.Unfit) { _ = c.out.Send(wire.TextFrame(wire.KindUnfit, string(reason))) }, // or the server is gone
		MaxMemory: s.MaxMemory, MaxValue: s.MaxValue, CodeThreads: int(s.CodeThreads), Descriptors: int(s.Descriptors), KeepLeft: s.KeepLeft,
		OnTenantLog: func(_ string, line model.LogLine) { c.hold(wire.TenantLineFrame(&line)) },
		OnStop:      c.stopped,
		Log:         c.log,
	})
	if err != nil {
		return err
	}
	return c.host.Start(ctx)
}

// next reads a frame and acts on it; run runs a call.
func (c *child) next(run func(context.Context, *call, *model.Call)) error {
	kind, fields, err := c.in.Next()
	if err != nil {
		return err
	}
	switch kind {
	case wire.KindCall:
		return c.takeCall(fields, run)
	case wire.KindCancel:
		number, err := wire.ReadNumber(fields)
		c.cancel(number)
		return err
	case wire.KindHangUp:
		number, err := wire.ReadNumber(fields)
		c.hangUp(number)
		return err
	case wire.KindChanged:
		number, err := wire.ReadNumber(fields)
		c.catalogue.Changed(number)
		return err
	case wire.KindAnswer:
		return c.takeAnswer(fields)
	case wire.KindClose:
		c.reading.mu.Lock()
		defer c.reading.mu.Unlock()
		c.reading.asked = true
		return nil
	default:
		return fmt.Errorf("the server has sent a frame of kind %d", kind)
	}
}

// hold sends a frame for which the server need not be woken at once.
func (c *child) hold(f *wire.Frame) bool {
	if c.out.Hold(f) != nil {
		return false
	}
	if !c.flushing.Swap(true) {
		time.AfterFunc(flushAfter, func() {
			c.flushing.Store(false)
			_ = c.out.Flush() // or the server is gone
		})
	}
	return true
}

// program returns a program that the server names.
func (c *child) program(p wire.Program) (*model.Program, error) {
	if p.Whole != nil {
		known, there := c.programs.LoadOrStore(p.Key, p.Whole)
		if !there {
			embed.Adopt(p.Whole)
		}
		return known.(*model.Program), nil
	}
	known, there := c.programs.Load(p.Key)
	if !there {
		return nil, fmt.Errorf("the server has named a program that it has not sent: %d", p.Key)
	}
	return known.(*model.Program), nil
}
