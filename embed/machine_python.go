package embed

import (
	"maestro/cpython"
	"maestro/embed/python"
)

// pythonMachines makes real interpreters.
func pythonMachines() machines {
	return machines{
		load: func(home string) error {
			cpython.SetCallbacks(callbacks{process})
			return cpython.Load(home)
		},
		tenant:   func() (machine, error) { return newPython(python.Runtime) },
		compiler: func() (machine, error) { return newPython(python.Compiler) },
		trim:     cpython.Trim,
	}
}

func newPython(source string) (machine, error) {
	in, err := cpython.New(cpython.Config{Runtime: source})
	if err != nil {
		return nil, err // not in: a nil pointer in an interface is not nil
	}
	return in, nil
}
