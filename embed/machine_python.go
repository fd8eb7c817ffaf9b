package embed

import (
	"maestro/cpython"
	"maestro/embed/python"
)

// pythonMachines makes real interpreters.
func pythonMachines(limits cpython.Limits) machines {
	return machines{
		load:     func(opt Options) error { return loadPython(opt, cpython.Load) },
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

// mainMachines makes one interpreter, the main one of the process.
func mainMachines(limits cpython.Limits) machines {
	m := pythonMachines(limits)
	m.load = func(opt Options) error { return loadPython(opt, cpython.LoadAlone) }
	m.tenant = func() (machine, error) {
		in, err := cpython.Main(cpython.Config{Runtime: python.Runtime, Limits: limits})
		if err != nil {
			return nil, err // not in: a nil pointer in an interface is not nil
		}
		return pythonMachine{in}, nil
	}
	// The place of a parked thread does not matter: no other subtenant waits for its locks.
	m.probe = func() {}
	return m
}

func loadPython(opt Options, load func(home string) error) error {
	cpython.SetCallbacks(callbacks{process}, loops{process})
	if err := load(opt.Home); err != nil {
		return err
	}
	cpython.KeepDescriptors(opt.Kept...)
	switch {
	case opt.MarkerFile != nil:
		return cpython.WatchFaultsIn(opt.MarkerFile)
	case opt.Marker != "":
		return cpython.WatchFaults(opt.Marker)
	default:
		return nil
	}
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
