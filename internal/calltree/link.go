package calltree

import "maestro/internal/model"

// Link leads from a call that runs in a child process to the engine: the other end of
// it is a model.RemoteHost. Its methods may be called from many threads at once.
// Steps reach the engine in the order of the calls, and before the questions that follow them.
type Link interface {
	model.Services
	model.SecretSource
	model.Resolver
	// StepBegan reports the beginning of a step. Input must not be changed after that.
	// A Host holds a lock meanwhile: it waits only while the engine is behind.
	StepBegan(began model.StepBegan)
	// StepEnded reports its end.
	StepEnded(ended model.StepEnded)
	// Line passes a line of output on.
	Line(step model.StepRef, line model.LogLine)
}
