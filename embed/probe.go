package embed

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"

	"maestro/cpython"
	"maestro/embed/python"
)

// ProbeMain is the program, for a plain Python of its own, that imports modules as
// Probe does, in the main interpreter.
var ProbeMain = python.ProbeMain

// ProbeLine is one line of Probe's report: the begin of an import, or its
// outcome.
type ProbeLine struct {
	Module  string `json:"module"`
	Begins  bool   `json:"begins,omitempty"`
	Type    string `json:"type,omitempty"` // of the exception that it raised; empty: none
	Message string `json:"message,omitempty"`
	Refuses bool   `json:"refuses,omitempty"` // it refuses an interpreter that is not the only one in its process
}

// Probe imports modules, one after the other, in an interpreter like those of
// subtenants, with a folder of packages, and reports each import before it
// begins and after it has ended, as lines of JSON. Imported code may do
// anything to the process: so it needs a separate one that serves no calls.
// The interpreter is not ended: the process is.
//
// One interpreter is enough, as far as is known: a second one beside it, in which
// everything was imported again, found no further fault in 19 widely used packages
// that the first accepts completely or in part, and took as long again.
func Probe(home, packages string, modules []string, report io.Writer) error {
	failed := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for ever: the thread has been in Python
		failed <- probe(home, packages, modules, json.NewEncoder(report))
	}()
	return <-failed
}

func probe(home, packages string, modules []string, report *json.Encoder) error {
	cpython.SetCallbacks(callbacks{process}, loops{process})
	if err := cpython.Load(home); err != nil {
		return fmt.Errorf("probe packages: %w", err)
	}
	in, err := newPython(python.Probe, cpython.Limits{})
	if err != nil {
		return fmt.Errorf("probe packages: %w", err)
	}
	if _, exc := in.Invoke("use_packages", []byte(packages)); exc != nil {
		return fmt.Errorf("probe packages: use the folder: %s: %s", exc.Type, exc.Message)
	}
	for _, module := range modules {
		if err := report.Encode(ProbeLine{Module: module, Begins: true}); err != nil {
			return fmt.Errorf("report a probe: %w", err)
		}
		line := ProbeLine{Module: module}
		answer, exc := in.Invoke("probe_module", []byte(module))
		if exc != nil {
			line.Type, line.Message = exc.Type, exc.Message
		} else if err := json.Unmarshal(answer, &line); err != nil {
			return fmt.Errorf("read the outcome of importing %s: %w", module, err)
		}
		if err := report.Encode(line); err != nil {
			return fmt.Errorf("report a probe: %w", err)
		}
	}
	return nil
}
