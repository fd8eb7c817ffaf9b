package lanetest

import (
	"slices"
	"strings"
)

// summary stands for a tree of steps that is too large to be shown.
type summary struct {
	Count  int `json:"count"`
	Depth  int `json:"depth"`
	Failed int `json:"failed"`
}

// record returns the tree of steps, or a summary of it, and the log.
func (r *Run) record(c golden) (steps any, log []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Unordered {
		slices.Sort(r.lines)
	}
	if len(r.steps) == 0 {
		return nil, r.lines
	}
	var s summary
	var roots []*Step
	for _, step := range r.steps {
		if !step.Ended {
			step.Error = "never ended"
		}
		s.Count++
		s.Depth = max(s.Depth, step.depth)
		if step.Error != "" {
			s.Failed++
		}
		if step.parent == 0 {
			roots = append(roots, step)
			continue
		}
		parent := r.steps[step.parent-1]
		parent.Steps = append(parent.Steps, step)
	}
	if c.Steps == "summary" {
		return s, r.lines
	}
	if c.Unordered {
		sortSteps(roots)
	}
	return roots, r.lines
}

// sortSteps orders steps by what they are, not by when they began.
func sortSteps(steps []*Step) {
	for _, step := range steps {
		sortSteps(step.Steps)
	}
	slices.SortStableFunc(steps, func(a, b *Step) int {
		return strings.Compare(a.Function+string(a.Input), b.Function+string(b.Input))
	})
}
