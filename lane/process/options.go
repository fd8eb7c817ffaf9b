package process

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"time"

	"maestro/internal/model"
)

// Options are the settings of a Lane. The zero value of a field means its default.
type Options struct {
	// Home is the root of the Python installation. Required.
	Home string
	// Start starts a child. Required.
	Start Starter
	// Folder returns the folder of a subtenant's files, which exists, and one in it for
	// temporary files. Nil: children run in the current one.
	Folder func(tenant string) (folder, temporary string, err error)
	// Look is called several times a second for each subtenant that has children, which
	// have these numbers; busy says that calls are in progress. May be nil. It must not block.
	Look func(tenant string, processes []int, busy bool)
	// MaxChildren bounds the children of one subtenant, without those that only finish
	// what they have begun. Default the number of processors, at least 2.
	MaxChildren int
	// ChildCalls bounds the calls of sync functions that one child has at a time.
	// Default 64.
	ChildCalls int
	// ChildTasks bounds the calls of async functions that one child has at a time.
	// Default 10,000.
	ChildTasks int
	// ShareAfter is how long a call waits for a child that is being started, before it shares
	// another one with the calls there. Default 25 ms.
	ShareAfter time.Duration
	// WaitLimit is how long a call may wait for a child before it is refused with
	// CodeTooManyRequests. Default 5 s.
	WaitLimit time.Duration
	// StartLimit is how long a child may take until it can be used. Default 30 s.
	StartLimit time.Duration
	// SpareAfter is how long a child beyond the first lives without a call. Default
	// 10 s.
	SpareAfter time.Duration
	// IdleAfter is how long the last child lives without a call. Default 15 minutes.
	IdleAfter time.Duration
	// KillAfter is how long the code of a call may go on after its deadline, or after
	// it was cancelled, until its child is killed. Default 50 ms.
	KillAfter time.Duration
	// EndLimit is how long a child may take to end when it is asked to. Default 5 s.
	EndLimit time.Duration
	// MaxMemory bounds the bytes that one child may hold: a MemoryError in its code,
	// and where that is not counted, the end of the child. Default 512 MiB, negative
	// for no bound.
	MaxMemory int64
	// MemoryBudget bounds the bytes that all children hold: beyond it, those of the
	// longest idle subtenants are ended. Default none.
	MemoryBudget int64
	// MaxValue, CodeThreads, Descriptors and KeepLeft are those of embed.Options.
	MaxValue    int64
	CodeThreads int
	Descriptors int
	KeepLeft    bool
	// OnTenantLog takes a line that was written outside any call. May be nil. It must
	// not block.
	OnTenantLog func(tenant string, line model.LogLine)
	// Log takes the lane's own messages. Default: none.
	Log *slog.Logger

	idleMost   time.Duration // see idle_watch.go
	idleRefill float64       // of idleMost for each second that passes
}

// Starter starts the child processes of one subtenant at a time. It knows how.
type Starter interface {
	// Nursery prepares what the children of a subtenant are made from. It does not
	// wait.
	Nursery(spec Spec) Nursery
}

// Spec describes the children of a subtenant.
type Spec struct {
	Tenant            string
	Home              string // of Python
	Packages          model.SitePackages
	Folder, Temporary string   // of its files; empty: none
	Imports           []string // modules that its functions import, as far as they are known
}

// Nursery starts children that are all alike.
type Nursery interface {
	// Start starts a child, which has conn as its connection to the server.
	Start(ctx context.Context, conn *os.File) (Process, error)
	// Close ends what new children are made from; those that live go on. It does not
	// wait.
	Close()
}

// Process is a child process. Its methods may be called from any goroutine.
type Process interface {
	Pid() int
	// Kill ends the process and those that it has started.
	Kill()
	// Exited is closed when the process has ended.
	Exited() <-chan struct{}
	// End says how it has ended, after Exited is closed.
	End() End
}

// End says how a process has ended: by a signal, or else with a status.
type End struct {
	Signal os.Signal
	Status int
	// OutOfMemory says that the system has killed it for its memory.
	OutOfMemory bool
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxChildren, max(2, runtime.GOMAXPROCS(0)))
	setDefault(&o.ChildCalls, 64)
	setDefault(&o.ChildTasks, 10_000)
	setDefault(&o.ShareAfter, 25*time.Millisecond)
	setDefault(&o.WaitLimit, 5*time.Second)
	setDefault(&o.StartLimit, 30*time.Second)
	setDefault(&o.SpareAfter, 10*time.Second)
	setDefault(&o.IdleAfter, 15*time.Minute)
	setDefault(&o.KillAfter, 50*time.Millisecond)
	setDefault(&o.EndLimit, 5*time.Second)
	setDefault(&o.MaxMemory, 512<<20)
	setDefault(&o.MaxValue, 32<<20)
	setDefault(&o.CodeThreads, 64)
	setDefault(&o.Descriptors, 256)
	setDefault(&o.idleMost, idleMost)
	setDefault(&o.idleRefill, idleRefill)
	if o.OnTenantLog == nil {
		o.OnTenantLog = func(string, model.LogLine) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
