package pip

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
)

// settle is a Python program: what versions, extras and markers mean is
// packaging's to say, which pip brings along.
//
//go:embed settle.py
var settle string

// Settle finds out whether the packages of a lock, which are installed in
// folder, meet all requirements as they are. unmet lists in words what is
// missing; without any, the lock that comes back has the same packages, with
// what they need when they are asked for in this way. No index is asked.
func (r *Runner) Settle(ctx context.Context, wanted []requirement.Requirement, lock model.Lock, folder string) (settled model.Lock, unmet []string, err error) {
	request := struct {
		Folder string   `json:"folder"`
		Names  []string `json:"names"`
		Wanted []string `json:"wanted"`
	}{folder, []string{}, []string{}}
	for _, p := range lock {
		request.Names = append(request.Names, p.Name)
	}
	for _, w := range wanted {
		request.Wanted = append(request.Wanted, w.Text)
	}
	text, err := json.Marshal(request)
	if err != nil {
		return nil, nil, fmt.Errorf("encode what is to be settled: %w", err)
	}
	work, remove, err := r.workFolder()
	if err != nil {
		return nil, nil, err
	}
	defer remove()
	lines, output, err := r.run(ctx, job{work: work, input: text, answers: true, log: func(string) {}, args: []string{"-P", "-c", settle}})
	if err != nil {
		return nil, nil, r.explain(ctx, fmt.Errorf("look at what is installed: %w", err), lines)
	}
	var answer struct {
		Needs map[string][]string `json:"needs"`
		Unmet []string            `json:"unmet"`
	}
	if err := json.Unmarshal(output, &answer); err != nil {
		return nil, nil, fmt.Errorf("decode what is installed: %w", err)
	}
	settled = slices.Clone(lock)
	for i, p := range settled {
		if needs, found := answer.Needs[p.Name]; found {
			settled[i].Needs = needs
		}
	}
	return settled, answer.Unmet, nil
}
