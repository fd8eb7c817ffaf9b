package probe

import "strings"

// This file is the single place that decides on findings. A subtenant's functions run
// in one of two lanes: in sub-interpreters of the server's process, or in the main
// interpreters of child processes, where any extension module can be loaded.

// Refusal returns the finding for which packages are refused that have to work in
// the embedded lane, or nil.
func Refusal(findings []Finding) *Finding {
	for i := range findings {
		switch f := &findings[i]; f.Kind {
		case Crashed, TimedOut, OutOfMemory:
			return f // also inside a package: a function that imports it would crash the server
		case Refuses:
			if !f.Inside {
				return f
			}
			// Its package was imported without it, and may have a slower fallback.
		case OK, Failed:
			// A module that raises another exception raises it in functions too, whose
			// author can read it: a missing optional part is not an error.
		}
	}
	return nil
}

// RefusalInProcess returns the finding for which packages are refused in the process
// lane too, or nil. These findings are those of a main interpreter.
func RefusalInProcess(findings []Finding) *Finding {
	for i := range findings {
		switch f := &findings[i]; f.Kind {
		case Crashed, TimedOut, OutOfMemory:
			return f
		case OK, Failed, Refuses:
		}
	}
	return nil
}

// NeedsProcess reports whether a finding of a sub-interpreter means that its package
// works in the process lane only. An extension module inside a package counts unless
// the package is known to work without it: a package that fails in use is worse than
// one that is slower.
func (f *Finding) NeedsProcess() bool {
	switch f.Kind {
	case Crashed, TimedOut, OutOfMemory:
		return true
	case Refuses:
		return !f.Inside || fallsBack[f.Package] == ""
	default:
		return false
	}
}

// Reason is why a package with this finding needs the process lane: a clause that
// names the module.
func (f *Finding) Reason() string {
	switch {
	case f.Kind == Refuses && f.Refuser != "":
		return "its module " + f.Refuser + " does not support sub-interpreters"
	case f.Kind == Refuses:
		return "its module " + f.Module + " does not support sub-interpreters (" + f.Detail + ")"
	default:
		text := strings.TrimSuffix(f.outcome(), ".")
		return "its module " + f.Module + " " + text + ", in a sub-interpreter"
	}
}
