package probe

// Decide is the one place where it is decided what a subtenant's packages mean
// for it: it returns the finding for which they are refused, or nil.
//
// For now every subtenant's functions run in the server's own process. Once
// there is a lane that gives a subtenant a process of its own, this is where a
// finding chooses it instead.
func Decide(findings []Finding) *Finding {
	for i := range findings {
		switch f := &findings[i]; f.Kind {
		case Crashed, TimedOut, OutOfMemory:
			return f // also inside: a function that imports it would do that to the server
		case Refuses:
			if !f.Inside {
				return f
			}
			// Its package was imported without it: often it has a slower way to do
			// the same (PyYAML). That it hasn't can't be told from here.
		case OK, Failed:
			// A module that raises something else does so for its callers too, who
			// can read what: an optional part that is missing is nobody's fault.
		}
	}
	return nil
}
