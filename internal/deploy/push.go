package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"maestro/internal/apiclient"
	"maestro/internal/folder"
)

// Options say how conflicts and absent items are treated.
type Options struct {
	Dir   string
	Prune bool // push: delete on the server what the folder has no longer
	Force bool // in a conflict the folder wins when it is pushed, the server when it is pulled
}

// Action is what a push or a pull does with an item.
type Action string

// The actions.
const (
	Create   Action = "create"
	Update   Action = "update"
	Delete   Action = "delete"
	Merged   Action = "merge"    // an update that also takes over the other side's changes
	Kept     Action = "keep"     // differs, and stays; Note says why
	Conflict Action = "conflict" // nothing can be done; Note says why
)

// Step is the change of one item.
type Step struct {
	Key     folder.Key
	Action  Action
	Changes []string // with Update: the members
	Note    string
	File    string // of the folder
	Before  folder.Members
	After   folder.Members
	Version string // of a function on the server
	URL     string // of a webhook

	// Warnings are about the code.
	Warnings []Warning
	CalledBy []string // with Delete
	base     *string
	digest   string // of the item after a push
}

// Warning is a possible fault of code.
type Warning struct {
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// Plan is a push or a pull that has been worked out.
type Plan struct {
	Caller    Caller
	Steps     []Step
	Unchanged int

	client  *apiclient.Client
	options Options
	folder  *folder.Folder
	state   *folder.State
	remote  *remote
	adopted []Step // the same on both sides, without a common state so far
}

// FaultsError are the faults of files.
type FaultsError []folder.Fault

func (e FaultsError) Error() string {
	if len(e) == 1 {
		return "1 file has a fault"
	}
	return fmt.Sprintf("%d files have faults", len(e))
}

// begin reads the folder, the server and their last common state.
func begin(ctx context.Context, c *apiclient.Client, o Options) (*Plan, error) {
	p := &Plan{client: c, options: o}
	var err error
	if p.folder, err = folder.Read(o.Dir); err != nil {
		return nil, err
	}
	if p.Caller, err = WhoAmI(ctx, c); err != nil {
		return nil, err
	}
	if p.state, err = folder.LoadState(o.Dir, c.URL, p.Caller.SubtenantID); err != nil {
		return nil, err
	}
	p.remote, err = fetch(ctx, c)
	return p, err
}

// keys are those of all items, on either side or formerly.
func (p *Plan) keys() []folder.Key {
	all := map[folder.Key]bool{}
	for key := range p.folder.Items {
		all[key] = true
	}
	for key := range p.remote.items {
		all[key] = true
	}
	for _, key := range p.state.Keys() {
		all[key] = true
	}
	return slices.SortedFunc(maps.Keys(all), folder.Key.Compare)
}

// Push works out what a push does, and changes nothing. The server has checked
// the plan, unless it has conflicts.
func Push(ctx context.Context, c *apiclient.Client, o Options) (*Plan, error) {
	p, err := begin(ctx, c, o)
	if err != nil {
		return nil, err
	}
	if len(p.folder.Faults) > 0 {
		return nil, FaultsError(p.folder.Faults)
	}
	if len(p.folder.Items) == 0 && len(p.remote.items) > 0 && o.Prune && !o.Force {
		return nil, fmt.Errorf("the folder %s has no functions, and --prune would delete all %d items of the subtenant %s: name the right folder, or add --force", o.Dir, len(p.remote.items), p.Caller.SubtenantID)
	}
	for _, key := range p.keys() {
		if step, differs := p.push(key); differs {
			p.Steps = append(p.Steps, step)
		} else {
			p.Unchanged++
		}
	}
	if len(p.Conflicts()) > 0 {
		return p, nil
	}
	answer, err := p.apply(ctx, true)
	if err != nil {
		return nil, err
	}
	p.take(answer)
	return p, nil
}

// push decides what becomes of one item; differs is false when the two sides are the same.
func (p *Plan) push(key folder.Key) (step Step, differs bool) {
	local, remote, base := p.folder.Items[key], p.remote.items[key], p.state.Base(key)
	digest := p.remote.digests[key]
	step = Step{Key: key, File: p.folder.Places[key], Before: remote, After: local, Version: p.remote.versions[key], base: &digest}
	changedHere := base == nil || !folder.Same(key.Kind, base.Local, local)
	changedThere := base != nil && base.Digest != digest
	conflict := func(note string) (Step, bool) {
		step.Action, step.Note = Conflict, note+"; functions pull takes it over, --force ignores it"
		return step, true
	}
	keep := func(note string) (Step, bool) {
		step.Action, step.Note = Kept, note
		return step, true
	}
	switch {
	case local == nil && remote == nil:
		return step, false
	case local == nil && base == nil && !p.options.Force && !p.state.Empty():
		return keep("only on the server; functions pull gets it")
	case local == nil && !p.options.Prune:
		return keep("only on the server; --prune deletes it")
	case local == nil && changedThere && !p.options.Force:
		return conflict("is gone from the folder, and was changed on the server")
	case local == nil:
		step.Action = Delete
	case remote == nil && base != nil && !p.options.Force && !changedHere:
		return keep("was deleted on the server; functions pull deletes it here, --force creates it again")
	case remote == nil && base != nil && !p.options.Force:
		return conflict("was changed in the folder, and deleted on the server")
	case remote == nil:
		step.Action, step.base = Create, nil
	case !changedHere && !changedThere:
		return step, false
	case !changedHere && !p.options.Force:
		return keep("was changed on the server; functions pull gets it")
	case changedThere && changedHere && !p.options.Force:
		merged, conflicts := folder.Merge(key, base, local, remote)
		if len(conflicts) > 0 {
			return conflict(inWords(conflicts) + " changed both in the folder and on the server")
		}
		step.Action, step.After = Merged, merged
	default:
		step.Action = Update
		if base == nil {
			step.Note = "replaces the server's: there is no common state to merge from"
		}
	}
	return step, true
}

func inWords(conflicts []folder.Conflict) (text string) {
	for i, c := range conflicts {
		if i > 0 {
			text += ", "
		}
		text += c.Member
	}
	if len(conflicts) == 1 {
		return text + " was"
	}
	return text + " were"
}

// Conflicts are the steps that prevent the plan from being carried out.
func (p *Plan) Conflicts() (all []Step) {
	for _, step := range p.Steps {
		if step.Action == Conflict {
			all = append(all, step)
		}
	}
	return all
}

// Changes counts the steps that change something, by action.
func (p *Plan) Changes() map[Action]int {
	counts := map[Action]int{}
	for _, step := range p.Steps {
		if step.Action != Kept && step.Action != Conflict {
			counts[step.Action]++
		}
	}
	return counts
}

// apply sends the steps, all or nothing.
func (p *Plan) apply(ctx context.Context, dry bool) (*answer, error) {
	body := request{DryRun: dry}
	var sent sentItems
	for i := range p.Steps {
		step := &p.Steps[i]
		switch step.Action {
		case Kept, Conflict:
		case Delete:
			body.remove(step)
		default:
			body.add(step, &sent)
		}
	}
	// Installs have limits of the server's own.
	out := &answer{}
	err := p.client.WithPatience(installTime).Call(ctx, http.MethodPost, "/apply", body, out)
	var refused *apiclient.Error
	if errors.As(err, &refused) && len(refused.Errors) > 0 && refused.Status < http.StatusInternalServerError {
		return nil, p.refusal(refused, &sent)
	}
	return out, err
}

// take brings the steps in line with the server's plan.
func (p *Plan) take(a *answer) {
	results := a.results()
	p.Steps = slices.DeleteFunc(p.Steps, func(step Step) bool {
		result, there := results[step.Key]
		same := there && result.Action == "unchanged"
		if same {
			p.Unchanged++
			step.digest = result.Digest
			p.adopted = append(p.adopted, step)
		}
		return same
	})
	for i := range p.Steps {
		step := &p.Steps[i]
		if result, there := results[step.Key]; there {
			step.Changes, step.Warnings, step.CalledBy, step.URL = result.Changes, result.Warnings, result.CalledBy, result.URL
			step.digest = result.Digest
			if result.Version > 0 {
				step.Version = fmt.Sprint(result.Version)
			}
		}
	}
}

// Apply carries out the plan of a push.
func (p *Plan) Apply(ctx context.Context) error {
	if len(p.Changes()) > 0 {
		answer, err := p.apply(ctx, false)
		if err != nil {
			return err
		}
		p.take(answer)
	}
	merged := false
	for _, step := range p.Steps {
		if step.Action == Merged {
			p.folder.Items[step.Key], merged = step.After, true
		}
	}
	if merged {
		if _, err := folder.Write(p.options.Dir, p.functions(func(s *Step) bool { return s.Action == Merged }), p.folder.Items); err != nil {
			return err
		}
	}
	return p.meet(ctx)
}

// functions names those whose files the steps are about.
func (p *Plan) functions(which func(*Step) bool) []string {
	names := map[string]bool{}
	for i := range p.Steps {
		step := &p.Steps[i]
		if !which(step) {
			continue
		}
		for _, m := range []folder.Members{step.Before, step.After} {
			if m != nil {
				names[folder.FunctionOf(step.Key, m)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// meet notes the common state after a push: the state that the push has made, also
// where the server has got another one since, or a file has.
func (p *Plan) meet(ctx context.Context) error {
	after, err := fetch(ctx, p.client)
	if err != nil {
		return err
	}
	for _, step := range append(p.Steps, p.adopted...) {
		switch {
		case step.Action == Kept:
		case step.Action == Delete:
			p.state.Forget(step.Key)
		case after.digests[step.Key] == step.digest:
			p.state.Note(step.Key, step.digest, after.items[step.Key], step.After)
		default:
			p.state.Note(step.Key, step.digest, step.After, step.After)
		}
	}
	return p.state.Save()
}
