package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"maestro/internal/apiclient"
	"maestro/internal/folder"
)

// Pull works out what a pull does, and changes nothing. Steps with Conflict do
// not prevent the others.
func Pull(ctx context.Context, c *apiclient.Client, o Options) (*Plan, error) {
	if _, err := os.Stat(o.Dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(o.Dir, 0o755); err != nil {
			return nil, err
		}
	}
	p, err := begin(ctx, c, o)
	if err != nil {
		return nil, err
	}
	if len(p.folder.Faults) > 0 && !o.Force {
		return nil, FaultsError(p.folder.Faults)
	}
	same, err := p.equals(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range p.keys() {
		if step, differs := p.pull(key, same[key]); differs {
			p.Steps = append(p.Steps, step)
		} else {
			p.Unchanged++
		}
	}
	return p, nil
}

// equals asks the server which items without a common state are the same on both sides.
func (p *Plan) equals(ctx context.Context) (map[folder.Key]bool, error) {
	asked := &Plan{client: p.client, folder: p.folder, options: p.options}
	for key, local := range p.folder.Items {
		if p.remote.items[key] != nil && p.state.Base(key) == nil {
			digest := p.remote.digests[key]
			asked.Steps = append(asked.Steps, Step{Key: key, Action: Update, After: local, base: &digest})
		}
	}
	same := map[folder.Key]bool{}
	if len(asked.Steps) == 0 {
		return same, nil
	}
	answer, err := asked.apply(ctx, true)
	var refused *RefusedError
	if errors.As(err, &refused) {
		return same, nil // one of the folder's cannot be stored: it differs
	}
	if err != nil {
		return nil, err
	}
	for key, result := range answer.results() {
		same[key] = result.Action == "unchanged"
	}
	return same, nil
}

// pull decides what becomes of one item.
func (p *Plan) pull(key folder.Key, same bool) (step Step, differs bool) {
	local, remote, base := p.folder.Items[key], p.remote.items[key], p.state.Base(key)
	step = Step{Key: key, File: p.folder.Places[key], Before: local, After: remote, Version: p.remote.versions[key]}
	changedHere := base != nil && (local == nil || !folder.Same(key.Kind, base.Local, local))
	changedThere := base != nil && base.Digest != p.remote.digests[key]
	conflict := func(note string) (Step, bool) {
		step.Action, step.Note, step.After = Conflict, note, local
		return step, true
	}
	switch {
	case local == nil && remote == nil:
		p.state.Forget(key)
		return step, false
	case remote == nil && base == nil:
		step.Action, step.Note, step.After = Kept, "only in the folder; functions push creates it", local
	case remote == nil && changedHere && !p.options.Force:
		p.state.Forget(key)
		return conflict("was changed in the folder, and deleted on the server: it stays; functions push creates it again")
	case remote == nil:
		step.Action = Delete
	case local == nil && base != nil && !changedThere && !p.options.Force:
		step.Action, step.Note, step.After = Kept, "is gone from the folder; functions push --prune deletes it on the server, pull --force brings it back", nil
	case local == nil:
		step.Action = Create
	case base == nil && same:
		p.adopted = append(p.adopted, step)
		return step, false
	case base == nil && !p.options.Force:
		return conflict("differs from the server's, and there is no common state to merge from: it stays; functions push replaces the server's, pull --force the folder's")
	case base != nil && !changedThere && (!changedHere || !p.options.Force):
		return step, false
	case base != nil && changedHere && !p.options.Force:
		merged, conflicts := folder.Merge(key, base, local, remote)
		step.Action, step.After = Merged, merged
		for _, c := range conflicts {
			step.Note += note(c)
		}
	default:
		step.Action = Update
	}
	return step, true
}

// note says how a pull leaves a conflict.
func note(c folder.Conflict) string {
	if c.Member == "code" {
		places := "1 place"
		if c.Places != 1 {
			places = fmt.Sprintf("%d places", c.Places)
		}
		return fmt.Sprintf("the code has %s that both have changed: edit the lines between <<<<<<< and >>>>>>>; ", places)
	}
	return fmt.Sprintf("%s is %v in the folder and %v on the server: the folder's stays; ", c.Member, c.Local, c.Remote)
}

// Unresolved are the steps of a pull that need an edit.
func (p *Plan) Unresolved() (all []Step) {
	for _, step := range p.Steps {
		if step.Action == Conflict || step.Action == Merged && step.Note != "" {
			all = append(all, step)
		}
	}
	return all
}

// Write carries out the plan of a pull, and returns the files that have changed.
func (p *Plan) Write() ([]string, error) {
	items := p.folder.Items
	changes := func(step *Step) bool { return step.Action != Kept && step.Action != Conflict }
	for i := range p.Steps {
		if step := &p.Steps[i]; changes(step) {
			delete(items, step.Key)
			if step.After != nil {
				items[step.Key] = step.After
			}
		}
	}
	changed, err := folder.Write(p.options.Dir, p.functions(changes), items)
	if err != nil {
		return changed, err
	}
	files, err := folder.Read(p.options.Dir)
	if err != nil {
		return changed, err
	}
	for i := range p.Steps {
		if step := &p.Steps[i]; changes(step) {
			p.meetAfterPull(step, files)
		}
	}
	for _, step := range p.adopted {
		p.state.Note(step.Key, p.remote.digests[step.Key], p.remote.items[step.Key], files.Items[step.Key])
	}
	return changed, p.state.Save()
}

// meetAfterPull notes that the folder has taken over the server's state. What the
// folder has beyond that is a change to push.
func (p *Plan) meetAfterPull(step *Step, files *folder.Folder) {
	key, remote := step.Key, p.remote.items[step.Key]
	switch {
	case remote == nil:
		p.state.Forget(key)
	case step.Action == Merged, files.Items[key] == nil: // or it has the markers of a conflict
		p.state.Note(key, p.remote.digests[key], remote, remote)
	default:
		p.state.Note(key, p.remote.digests[key], remote, files.Items[key])
	}
}
