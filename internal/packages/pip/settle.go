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

// settle is a Python program: versions, extras and markers are interpreted by
// packaging, which is a part of pip.
//
//go:embed settle.py
var settle string

// Settle checks whether the packages of a lock, which are installed in folder,
// meet all requirements unchanged. unmet describes the missing ones; if there
// are none, the returned lock has the same packages, with their dependencies
// for these requirements. No index is contacted.
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
		return nil, nil, fmt.Errorf("encode the requirements to check: %w", err)
	}
	work, remove, err := r.workFolder()
	if err != nil {
		return nil, nil, err
	}
	defer remove()
	lines, output, err := r.run(ctx, job{work: work, input: text, answers: true, log: func(string) {}, args: []string{"-P", "-c", settle}})
	if err != nil {
		return nil, nil, r.explain(ctx, fmt.Errorf("check the installed packages: %w", err), lines)
	}
	var answer struct {
		Needs map[string][]string `json:"needs"`
		Unmet []string            `json:"unmet"`
	}
	if err := json.Unmarshal(output, &answer); err != nil {
		return nil, nil, fmt.Errorf("decode the installed packages: %w", err)
	}
	settled = slices.Clone(lock)
	for i, p := range settled {
		if needs, found := answer.Needs[p.Name]; found {
			settled[i].Needs = needs
		}
	}
	return settled, answer.Unmet, nil
}
