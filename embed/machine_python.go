package embed

import (
	"maestro/cpython"
	"maestro/embed/python"
)

// pythonMachines makes real interpreters.
func pythonMachines(limits cpython.Limits) machines {
	return machines{
		load: func(opt Options) error {
			cpython.SetCallbacks(callbacks{process}, loops{process})
			if err := cpython.Load(opt.Home); err != nil {
				return err
			}
			return watchFaults(opt)
		},
		tenant:   func() (machine, error) { return newPython(python.Runtime, limits) },
		compiler: func() (machine, error) { return newPython(python.Compiler, cpython.Limits{Memory: limits.Memory}) },
		trim:     cpython.Trim,

		total:      cpython.TotalMemory,
		budget:     cpython.SetMemoryBudget,
		awaitAlarm: cpython.AwaitMemoryAlarm,
		endAlarm:   cpython.EndMemoryAlarm,
		hopeless:   cpython.SetMemoryHopeless,
		probe:      cpython.ProbeShared,
	}
}

func watchFaults(opt Options) error {
	switch {
	case opt.MarkerFile != nil:
		return cpython.WatchFaultsIn(opt.MarkerFile)
	case opt.Marker != "":
		return cpython.WatchFaults(opt.Marker)
	}
	return nil
}

func newPython(source string, limits cpython.Limits) (machine, error) {
	in, err := cpython.New(cpython.Config{Runtime: source, Limits: limits})
	if err != nil {
		return nil, err // not in: a nil pointer in an interface is not nil
	}
	return pythonMachine{in}, nil
}

// pythonMachine is a real interpreter.
type pythonMachine struct{ *cpython.Interpreter }

func (m pythonMachine) NewLoop(number uint64) (looper, error) {
	l, err := m.Interpreter.NewLoop(number)
	if err != nil {
		return nil, err // not l: a nil pointer in an interface is not nil
	}
	return l, nil
}
