package embed

import (
	"log/slog"
	"os"
	"runtime"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
)

// Options are the settings of a Host. The zero value of a field means its
// default.
type Options struct {
	// Home is the root of the Python 3.14 installation. Required.
	Home string
	// Marker is the file to which a process that a subtenant's code ends writes whose
	// code it was (cpython.WatchFaults). Empty: none, and faults are Go's.
	Marker string
	// MarkerFile takes the place of Marker in a process whose parent reads it.
	MarkerFile *os.File
	// Kept are open files that the code of a process of one subtenant can neither use nor
	// close: its connection to the server.
	Kept []*os.File
	// MaxThreads bounds the pool's threads, stuck ones not counted. Default 256.
	MaxThreads int
	// TenantThreads bounds the threads that one subtenant may hold at a time.
	// Default a quarter of MaxThreads, at least 1.
	TenantThreads int
	// TenantTasks bounds the calls of async functions of one subtenant in
	// progress: each takes memory, but no thread. Default 10,000.
	TenantTasks int
	// MinThreads is how many threads are kept when they have nothing to do.
	// Default twice the processors, at least 4.
	MinThreads int
	// WaitLimit is how long a call may wait for a thread before it is refused
	// with CodeTooManyRequests. Default 5 s.
	WaitLimit time.Duration
	// WarmPool is how many interpreters are kept ready for new subtenants.
	// Default 2, negative for none.
	WarmPool int
	// IdleAfter is how long a subtenant's interpreter lives without a call.
	// Default 15 minutes.
	IdleAfter time.Duration
	// ThreadIdleAfter is how long a thread beyond MinThreads lives without a
	// call. Default 30 s.
	ThreadIdleAfter time.Duration
	// StuckAfter is how long a stopped call may continue before its thread and
	// interpreter are abandoned; one that computes is abandoned after 0.8 s. Default 1.5 s.
	StuckAfter time.Duration
	// WedgedAfter is how long attaching to an interpreter in order to stop a
	// call may take before the interpreter is abandoned, because its GIL is
	// never released. Default 200 ms.
	WedgedAfter time.Duration
	// EndLimit is how long ending an interpreter may take before it is cut
	// short. Default 5 s.
	EndLimit time.Duration
	// CompileLimit is how long the source of one function may take to compile.
	// Default 10 s.
	CompileLimit time.Duration
	// MaxMemory bounds the bytes that one subtenant's interpreter may hold; more
	// is a MemoryError in its code. Default 512 MiB, negative for no bound.
	MaxMemory int64
	// MemoryBudget bounds the bytes that all interpreters of the process hold:
	// near it, the longest idle ones are ended; beyond it, interpreters with more
	// than an equal share get no more. Default none.
	MemoryBudget int64
	// MaxValue bounds the bytes of JSON of a value that code returns or passes to
	// a sibling; more is a ValueError. Default 32 MiB, negative for no bound.
	MaxValue int64
	// CodeThreads bounds the threads that one subtenant's code has started; one
	// more is a RuntimeError. Default 64, negative for no bound.
	CodeThreads int
	// Descriptors bounds the descriptors that one subtenant's code has open; one
	// more is an OSError. Default 256, negative for no bound.
	Descriptors int
	// StuckCap is the number of stuck threads and leaked interpreters of one
	// subtenant together from which on its calls are refused with
	// CodeSubtenantStuck. Default 8.
	StuckCap int
	// KeepLeft keeps what calls leave behind: threads and tasks that compute, and
	// processes. They end with the interpreter. Default: they are stopped.
	KeepLeft bool
	// Main says that the process belongs to a single subtenant, whose code runs in the main
	// interpreter: so any extension module can be loaded, and nothing is refused that
	// affects the process. The host has that one interpreter, which it neither ends nor
	// replaces, and no compiler unless Compiler says so. Default: an interpreter for each subtenant.
	Main bool
	// Compiler gives a host with Main a compiler too, in an interpreter of its own.
	Compiler bool
	// SourceFile is the name that tracebacks give to the source of a version of a function or
	// module; "" and nil: its name and version in angle brackets, which nothing takes for a file.
	SourceFile func(name string, version int) string
	// Folder and Temporary are, with Main, the folders of the subtenant's files. Default:
	// its code begins in the current one.
	Folder, Temporary string
	// OnUnfit is told, with Main, why the process should be replaced; calls continue
	// meanwhile. Each reason is told once. May be nil.
	OnUnfit func(Unfit)
	// budgets are set by tests, which must not depend on how busy the machine is.
	budgets budgets
	// OnStop is told, with over false, that a call has been answered whose code goes on, and
	// with over true that the code has ended after all. May be nil. It is called under the
	// host's lock, before the caller of the call has its answer: it must return at once.
	OnStop func(number uint64, over bool)
	// OnTenantLog takes a line that was written outside any execution in
	// progress, by a thread that outlived its function. May be nil. It may
	// be called from many threads and must not block.
	OnTenantLog func(tenant string, line model.LogLine)
	// Rails keep the code of subtenants from the server's files and services.
	// Default: none.
	Rails *Rails
	// Log takes the host's own messages. Default: none.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxThreads, 256)
	setDefault(&o.TenantThreads, max(1, o.MaxThreads/4))
	setDefault(&o.TenantTasks, 10_000)
	setDefault(&o.MinThreads, min(o.MaxThreads, max(4, 2*runtime.GOMAXPROCS(0))))
	setDefault(&o.WaitLimit, 5*time.Second)
	setDefault(&o.WarmPool, 2)
	setDefault(&o.IdleAfter, 15*time.Minute)
	setDefault(&o.ThreadIdleAfter, 30*time.Second)
	setDefault(&o.StuckAfter, 1500*time.Millisecond)
	setDefault(&o.WedgedAfter, 200*time.Millisecond)
	setDefault(&o.EndLimit, 5*time.Second)
	setDefault(&o.CompileLimit, 10*time.Second)
	setDefault(&o.MaxMemory, 512<<20)
	setDefault(&o.MaxValue, 32<<20)
	setDefault(&o.CodeThreads, 64)
	setDefault(&o.Descriptors, 256)
	setDefault(&o.StuckCap, 8)
	setDefault(&o.budgets, defaultBudgets)
	if o.Main {
		o.WarmPool = 1 // from the start on
	}
	if o.OnUnfit == nil {
		o.OnUnfit = func(Unfit) {}
	}
	if o.OnStop == nil {
		o.OnStop = func(uint64, bool) {}
	}
	if o.OnTenantLog == nil {
		o.OnTenantLog = func(string, model.LogLine) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// limits are the bounds that Python gets: 0 means none there.
func (o Options) limits() cpython.Limits {
	return cpython.Limits{
		Memory:      max(0, o.MaxMemory),
		Value:       max(0, o.MaxValue),
		Threads:     max(0, o.CodeThreads),
		Descriptors: max(0, o.Descriptors),
	}
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
