package calltree

import (
	"fmt"

	"maestro/internal/model"
)

// MaxDepth bounds sibling calls within each other; a deeper one is a
// RecursionError.
const MaxDepth = 100

// Book numbers the steps of a run, and knows the place of each in the tree. It
// forgets none: threads that a step began may outlive it, and call functions. Its
// owner guards it.
type Book struct {
	entries []entry
}

type entry struct {
	function *Function
	parent   model.StepRef
	depth    uint8
}

// Begin gives a step of f within parent its number, or says why there can be none.
func (b *Book) Begin(parent model.StepRef, f *Function, maxSteps int) (model.StepRef, *model.Raise) {
	depth := b.Depth(parent) + 1
	if depth > MaxDepth {
		return 0, &model.Raise{Kind: model.RaiseRecursion, Message: fmt.Sprintf("maximum depth of sibling calls exceeded: %d calls within each other", MaxDepth)}
	}
	if len(b.entries) >= maxSteps {
		return 0, &model.Raise{Kind: model.RaiseEngine, Message: fmt.Sprintf("one execution can make at most %d sibling calls (MAX_STEPS): split the work over several executions", maxSteps)}
	}
	b.entries = append(b.entries, entry{f, parent, uint8(depth)})
	return model.StepRef(len(b.entries)), nil
}

// Len is how many steps have begun.
func (b *Book) Len() int { return len(b.entries) }

// Function is that of a step; nil for the execution itself, which is no step, and for
// a number that was not given.
func (b *Book) Function(ref model.StepRef) *Function {
	if ref == 0 || int(ref) > len(b.entries) {
		return nil
	}
	return b.entries[ref-1].function
}

// Depth is 0 for the execution itself, and 1 for its own steps.
func (b *Book) Depth(ref model.StepRef) int {
	if ref == 0 || int(ref) > len(b.entries) {
		return 0
	}
	return int(b.entries[ref-1].depth)
}

// Parent is the step within which a step was called.
func (b *Book) Parent(ref model.StepRef) model.StepRef {
	if ref == 0 || int(ref) > len(b.entries) {
		return 0
	}
	return b.entries[ref-1].parent
}
