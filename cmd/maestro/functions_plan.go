package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"maestro/internal/deploy"
	"maestro/internal/folder"
	"maestro/internal/terminal"
)

var signs = map[deploy.Action]struct {
	sign  string
	style terminal.Style
}{
	deploy.Create: {"+", terminal.Green}, deploy.Update: {"~", terminal.Yellow}, deploy.Merged: {"m", terminal.Yellow},
	deploy.Delete: {"-", terminal.Red}, deploy.Kept: {"·", terminal.Dim}, deploy.Conflict: {"!", terminal.Red},
}

// showPlan writes the steps, and the differences of those that change.
func showPlan(o *terminal.Out, plan *deploy.Plan, title string) {
	if len(plan.Steps) == 0 {
		return
	}
	o.Printf("%s\n\n", o.In(terminal.Bold, title))
	groups := keptGroups(plan)
	for i := range plan.Steps {
		step := &plan.Steps[i]
		if n := groups[groupOf(step)]; step.Action == deploy.Kept && n > mostKeptAlike {
			continue
		}
		sign := signs[step.Action]
		line := fmt.Sprintf("%s %-8s %s", sign.sign, step.Key.Kind, terminal.OneLine(step.Key.Name))
		o.Printf("  %s", o.In(sign.style, line))
		if len(step.Changes) > 0 {
			o.Printf("  %s", o.In(terminal.Dim, strings.Join(step.Changes, ", ")))
		}
		if step.Note != "" {
			o.Printf("  %s", o.In(terminal.Dim, "("+strings.TrimSuffix(step.Note, "; ")+")"))
		}
		o.Printf("\n")
		for _, w := range step.Warnings {
			where := step.File
			if w.Line > 0 {
				where = fmt.Sprintf("%s:%d", step.File, w.Line)
			}
			o.Printf("      %s\n", o.In(terminal.Yellow, "warning: "+where+": "+terminal.OneLine(w.Message)))
		}
		if len(step.CalledBy) > 0 {
			o.Printf("      %s\n", o.In(terminal.Yellow, "warning: it is called by "+strings.Join(step.CalledBy, ", ")))
		}
	}
	showKept(o, groups)
	o.Printf("\n")
	for i := range plan.Steps {
		step := &plan.Steps[i]
		if step.Action == deploy.Update || step.Action == deploy.Merged {
			showDifferences(o, step)
		}
	}
}

// mostKeptAlike is how many items that stay as they are for the same reason are listed one by
// one. A server may have many that a folder does not, such as the examples.
const mostKeptAlike = 5

// keptGroup are the items of a kind that stay as they are for one reason.
type keptGroup struct {
	kind folder.Kind
	note string
}

func groupOf(step *deploy.Step) keptGroup { return keptGroup{step.Key.Kind, step.Note} }

func keptGroups(plan *deploy.Plan) map[keptGroup]int {
	groups := map[keptGroup]int{}
	for i := range plan.Steps {
		if step := &plan.Steps[i]; step.Action == deploy.Kept {
			groups[groupOf(step)]++
		}
	}
	return groups
}

// showKept writes a line for each large group.
func showKept(o *terminal.Out, groups map[keptGroup]int) {
	large := slices.DeleteFunc(slices.Collect(maps.Keys(groups)), func(g keptGroup) bool { return groups[g] <= mostKeptAlike })
	slices.SortFunc(large, func(a, b keptGroup) int {
		return cmp.Or(strings.Compare(string(a.kind), string(b.kind)), strings.Compare(a.note, b.note))
	})
	for _, g := range large {
		sign := signs[deploy.Kept]
		o.Printf("  %s  %s\n", o.In(sign.style, fmt.Sprintf("%s %d %ss", sign.sign, groups[g], g.kind)),
			o.In(terminal.Dim, "("+strings.TrimSuffix(g.note, "; ")+"; --json lists them)"))
	}
}

// showDifferences writes the code's as a unified diff, and each other member in a line.
func showDifferences(o *terminal.Out, step *deploy.Step) {
	before, _ := step.Before["code"].(string)
	after, _ := step.After["code"].(string)
	if before != after {
		diff := udiff.Unified("before/"+step.Key.Name+".py", "after/"+step.Key.Name+".py", before, after)
		for line := range strings.Lines(terminal.Lines(diff)) {
			style := terminal.Plain
			switch {
			case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
				style = terminal.Bold
			case strings.HasPrefix(line, "+"):
				style = terminal.Green
			case strings.HasPrefix(line, "-"):
				style = terminal.Red
			case strings.HasPrefix(line, "@@"):
				style = terminal.Cyan
			}
			o.Printf("%s\n", o.In(style, strings.TrimSuffix(line, "\n")))
		}
	}
	for _, name := range step.Changes {
		if name == "code" {
			continue
		}
		o.Printf("%s  %s: %s → %s\n", step.Key, name, o.In(terminal.Red, valueText(step.Before, name)), o.In(terminal.Green, valueText(step.After, name)))
	}
	if before != after || len(step.Changes) > 0 {
		o.Printf("\n")
	}
}

func valueText(m folder.Members, name string) string {
	value, there := m[name]
	if !there {
		return "default"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return terminal.Cut(terminal.OneLine(string(text)), 200)
}

// summary is a summary: "2 created, 1 updated, 17 unchanged".
func summary(plan *deploy.Plan) string {
	var parts []string
	counts := plan.Changes()
	for _, c := range []struct {
		action deploy.Action
		word   string
	}{{deploy.Create, "created"}, {deploy.Update, "updated"}, {deploy.Merged, "merged"}, {deploy.Delete, "deleted"}} {
		if n := counts[c.action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, c.word))
		}
	}
	return strings.Join(append(parts, fmt.Sprintf("%d unchanged", plan.Unchanged)), ", ")
}

// showAddresses writes those of the webhooks that were created or changed.
func showAddresses(o *terminal.Out, plan *deploy.Plan) {
	for _, step := range plan.Steps {
		if step.URL != "" && step.Action != deploy.Delete && step.Action != deploy.Kept {
			method, _, _ := strings.Cut(step.Key.Name, " ")
			o.Printf("  %s %s\n", method, o.In(terminal.Cyan, step.URL))
		}
	}
}

// planView is a plan as JSON.
type planView struct {
	Server    string     `json:"server"`
	Subtenant string     `json:"subtenant_id"`
	Applied   bool       `json:"applied"`
	Unchanged int        `json:"unchanged"`
	Steps     []stepView `json:"steps"`
	Files     []string   `json:"files,omitempty"`
}

type stepView struct {
	Kind     folder.Kind      `json:"kind"`
	Name     string           `json:"name"`
	Action   deploy.Action    `json:"action"`
	Changes  []string         `json:"changes"`
	Note     string           `json:"note,omitempty"`
	URL      string           `json:"url,omitempty"`
	Warnings []deploy.Warning `json:"warnings,omitempty"`
	CalledBy []string         `json:"called_by,omitempty"`
}

func viewPlan(plan *deploy.Plan, server string, applied bool) planView {
	view := planView{Server: server, Subtenant: plan.Caller.SubtenantID, Applied: applied, Unchanged: plan.Unchanged, Steps: []stepView{}}
	for _, step := range plan.Steps {
		changes := step.Changes
		if changes == nil {
			changes = []string{}
		}
		view.Steps = append(view.Steps, stepView{
			Kind: step.Key.Kind, Name: step.Key.Name, Action: step.Action, Changes: changes, Note: step.Note, URL: step.URL, Warnings: step.Warnings, CalledBy: step.CalledBy,
		})
	}
	return view
}
