package probe

// Decide is the single place that decides on findings: it returns the finding
// for which a subtenant's packages are refused, or nil.
//
// At present every subtenant's functions run in the server's own process. A
// lane that runs a subtenant in a separate process would be chosen here.
func Decide(findings []Finding) *Finding {
	for i := range findings {
		switch f := &findings[i]; f.Kind {
		case Crashed, TimedOut, OutOfMemory:
			return f // also inside a package: a function that imports it would crash the server
		case Refuses:
			if !f.Inside {
				return f
			}
			// Its package was imported without it: many packages have a slower fallback
			// (PyYAML). Whether this one has is unknown here.
		case OK, Failed:
			// A module that raises another exception raises it in functions too, whose
			// author can read it: a missing optional part is not an error.
		}
	}
	return nil
}
