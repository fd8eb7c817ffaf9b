package probe

import (
	"fmt"
	"time"
)

// Module is a module to import.
type Module struct {
	Package    string   // that it comes with
	Name       string   // of the top level
	Extensions []string // the extension modules inside it, by their full names
}

// Kind is the outcome of an import.
type Kind string

// The kinds.
const (
	OK          Kind = "ok"
	Refuses     Kind = "refuses"       // it knows one interpreter in a process only
	Crashed     Kind = "crashed"       // the process ended
	TimedOut    Kind = "timed_out"     // it did not end in time
	OutOfMemory Kind = "out_of_memory" // it exceeded its memory limit
	Failed      Kind = "failed"        // it raised another exception, for example because an optional part is missing
)

// Finding is the outcome of a module's import.
type Finding struct {
	Package string
	Module  string // as it was imported
	Inside  bool   // an extension module that is part of another one
	Kind    Kind
	Detail  string // the exception, the signal
	Refuser string // the extension module that refuses, if known; it may belong to another package
}

// String is the user-facing form of the finding.
func (f *Finding) String() string {
	what := fmt.Sprintf("The module %s of the package %s", f.Module, f.Package)
	switch f.Kind {
	case OK:
		return what + " works."
	case Refuses:
		return what + " does not support sub-interpreters, in which functions run: " + f.Detail + "."
	case Crashed:
		return what + " crashed when it was imported: " + f.Detail + "."
	case TimedOut:
		return what + " was not imported within " + f.Detail + "."
	case OutOfMemory:
		return what + " exceeded the memory limit when it was imported: " + f.Detail + "."
	default:
		return what + " could not be imported by itself: " + f.Detail + "."
	}
}

// Limits of a probe.
type Limits struct {
	Time   time.Duration // of all imports together; default 60 s
	Memory uint64        // bytes of the child; default 1 GiB
}

func (l Limits) withDefaults() Limits {
	if l.Time <= 0 {
		l.Time = time.Minute
	}
	if l.Memory == 0 {
		l.Memory = 1 << 30
	}
	return l
}
