package trial

import (
	"errors"
	"fmt"

	"maestro/internal/folder"
	"maestro/internal/model"
)

// faultsOf are the faults of a function's files that the engine has found.
func faultsOf(name string, err error) []folder.Fault {
	var coded *model.Error
	if !errors.As(err, &coded) {
		return []folder.Fault{{File: name + ".py", Message: err.Error()}}
	}
	var faults []folder.Fault
	for _, p := range coded.Problems {
		message := p.Message
		if p.Pointer != "" {
			message = p.Pointer + ": " + message
		}
		faults = append(faults, folder.Fault{File: name + ".py", Line: p.Line, Message: message})
	}
	if len(faults) == 0 {
		faults = append(faults, folder.Fault{File: name + ".py", Message: coded.Detail})
	}
	return faults
}

// sessionFailure is why pytest itself has failed.
func sessionFailure(err error) error {
	var coded *model.Error
	if errors.As(err, &coded) && coded.Failure != nil {
		return fmt.Errorf("pytest has failed: %s: %s\n%s", coded.Failure.Type, coded.Failure.Message, coded.Failure.Traceback)
	}
	return err
}
