package engine

import (
	"slices"
	"strings"
	"time"

	"maestro/internal/model"
)

// failedStep finds the innermost step whose exception went through to the
// outer call; of a run that was stopped, or whose process has ended, the innermost one
// under way then. It is
// nil when it was the function itself. The caller holds mu, and no step that is
// still open has been closed.
//
// An exception passes each level as the same object, so it is described in the
// same words at each, with a traceback that only grows outwards. Of several
// steps that failed alike the last one is meant.
func (r *run) failedStep(failure *model.Failure) *model.FailedStep {
	if failure == nil || len(r.steps) == 0 {
		return nil
	}
	stopped := failure.Kind == model.FailureTimeout || failure.Kind == model.FailureCancelled || failure.Kind == model.FailureProcess
	last := map[model.StepRef]model.StepRef{} // parent → the step within it that is meant
	for i, s := range r.steps {
		if s == nil || stopped != (s.status == model.StatusRunning) || !stopped && !carried(s.failure, failure) {
			continue
		}
		if known := r.step(last[s.parent]); known == nil || !stopped && !s.ended().Before(known.ended()) || stopped {
			last[s.parent] = model.StepRef(i + 1)
		}
	}
	found := &model.FailedStep{Path: []string{r.function.Name}}
	for ref := last[0]; ref != 0; ref = last[ref] {
		s := r.step(ref)
		found.StepID, found.Function = s.id, s.function.Name
		found.Path = append(found.Path, s.function.Name)
	}
	if found.Function == "" {
		return nil
	}
	return found
}

func (s *step) ended() time.Time { return s.started.Add(s.duration) }

// carried reports whether the exception of a step is the one that the outer
// call ended with.
func carried(step, outer *model.Failure) bool {
	if step == nil || step.Type != outer.Type || step.Message != outer.Message {
		return false
	}
	inner, whole := tracebackEntries(step.Traceback), tracebackEntries(outer.Traceback)
	if slices.ContainsFunc(whole, isElision) {
		return true
	}
	return len(inner) <= len(whole) && slices.Equal(inner, whole[len(whole)-len(inner):])
}

const tracebackHeader = "Traceback (most recent call last):"

// tracebackEntries returns the lines of the exception's own traceback, which
// stands after those of the exceptions that led to it.
func tracebackEntries(traceback string) (entries []string) {
	lines := strings.Split(traceback, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i] == tracebackHeader {
			for _, line := range lines[i+1:] {
				if !strings.HasPrefix(line, "  ") {
					return entries
				}
				entries = append(entries, line)
			}
		}
	}
	return entries
}

// isElision recognises what stands for the middle of a long traceback.
func isElision(line string) bool { return strings.HasPrefix(line, "  … ") }
