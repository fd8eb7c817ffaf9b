package probe

import (
	"fmt"
	"time"
)

// Module is something to import.
type Module struct {
	Package    string   // that it comes with
	Name       string   // of the top level
	Extensions []string // the extension modules inside it, by their full names
}

// Kind is what came of an import.
type Kind string

// The kinds.
const (
	OK          Kind = "ok"
	Refuses     Kind = "refuses"       // it knows one interpreter in a process only
	Crashed     Kind = "crashed"       // the process ended
	TimedOut    Kind = "timed_out"     // it did not come to an end
	OutOfMemory Kind = "out_of_memory" // it took more than it may
	Failed      Kind = "failed"        // it raised something else: a missing optional part, for one
)

// Finding is what was found out about a module.
type Finding struct {
	Package string
	Module  string // as it was imported
	Inside  bool   // an extension module that is part of another one
	Kind    Kind
	Detail  string // the exception, the signal
	Refuser string // the extension module that refuses, when that is told; perhaps another package's
}

// String is the finding for people.
func (f *Finding) String() string {
	what := fmt.Sprintf("The module %s of the package %s", f.Module, f.Package)
	switch f.Kind {
	case OK:
		return what + " works."
	case Refuses:
		return what + " does not work in sub-interpreters, which is where functions run: " + f.Detail + "."
	case Crashed:
		return what + " crashed when it was imported: " + f.Detail + "."
	case TimedOut:
		return what + " could not be imported within " + f.Detail + "."
	case OutOfMemory:
		return what + " takes more memory than it may when it is imported: " + f.Detail + "."
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
