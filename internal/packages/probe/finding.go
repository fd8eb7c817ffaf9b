package probe

import "time"

// Module is a module to import.
type Module struct {
	Package    string   // that it comes with
	Name       string   // of the top level; empty: only those inside it are imported
	Extensions []string // the extension modules inside it, by their full names
}

// Rest returns the modules that are left to import after the first count of them, in the
// order of Run, without those of a package.
func Rest(modules []Module, count int, without string) []Module {
	var left []Module
	for _, m := range modules {
		if m.Name != "" && count > 0 {
			count, m.Name = count-1, ""
		}
		left = append(left, m)
	}
	kept := left[:0]
	for _, m := range left {
		done := min(count, len(m.Extensions))
		count, m.Extensions = count-done, m.Extensions[done:]
		if m.Package != without && (m.Name != "" || len(m.Extensions) > 0) {
			kept = append(kept, m)
		}
	}
	return kept
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
	return "The module " + f.Module + " of the package " + f.Package + " " + f.outcome()
}

// outcome continues a sentence that begins with the module.
func (f *Finding) outcome() string {
	switch f.Kind {
	case OK:
		return "works."
	case Refuses:
		return "does not support sub-interpreters, in which the functions of the embedded lane run: " + f.Detail + "."
	case Crashed:
		return "crashed when it was imported: " + f.Detail + "."
	case TimedOut:
		return "was not imported within " + f.Detail + "."
	case OutOfMemory:
		return "exceeded the memory limit when it was imported: " + f.Detail + "."
	default:
		return "could not be imported by itself: " + f.Detail + "."
	}
}

// Interpreter is the kind of interpreter in which modules are imported.
type Interpreter string

// The kinds.
const (
	Sub  Interpreter = "sub"  // one of several in a process, with its own GIL: the embedded lane
	Main Interpreter = "main" // the main one of a process: the process lane
)

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
