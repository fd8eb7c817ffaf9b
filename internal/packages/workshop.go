package packages

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/environment"
	"maestro/internal/packages/pip"
	"maestro/internal/packages/probe"
)

// Workshop makes environments that have been tried.
type Workshop struct {
	Pip     *pip.Runner
	Folders *environment.Folders
	// Probe imports modules from a folder of packages, in a process of its own.
	Probe func(ctx context.Context, path string, modules []probe.Module) ([]probe.Finding, error)
}

// mostSwaps bounds how many packages of one install are tried as pure Python.
const mostSwaps = 20

// Make builds an environment's folder and imports what is new in it, beside
// what before had. A package that refuses is replaced by the wheel of the same
// version that is Python alone, when there is one; env is brought up to date
// with that. refused is the finding for which the packages can't be had: then
// nothing is left of the folder. What was found else is in findings.
func (w *Workshop) Make(ctx context.Context, env *model.Environment, before model.Lock, log func(string)) (findings []probe.Finding, refused *probe.Finding, err error) {
	asked := map[string]bool{}
	for swaps := 0; ; swaps++ {
		trial, err := w.Folders.Try(ctx, *env, log)
		if err != nil {
			return nil, nil, err
		}
		findings, err = w.try(ctx, trial.Path, env.Lock, before, log)
		if err == nil {
			refused = probe.Decide(findings)
		}
		if err == nil && refused == nil {
			_, err = trial.Keep()
		}
		trial.Drop()
		if err != nil || refused == nil || refused.Kind != probe.Refuses {
			return findings, refused, err
		}
		suspects := w.suspects(findings, env.Lock)
		if swaps < mostSwaps {
			swapped, err := w.swap(ctx, env, suspects, asked, log)
			if err != nil {
				return nil, nil, err
			}
			if swapped {
				continue
			}
		}
		if len(suspects) > 0 {
			refused = &suspects[0].finding
		}
		return findings, refused, nil
	}
}

// try imports what is new in a folder.
func (w *Workshop) try(ctx context.Context, path string, lock, before model.Lock, log func(string)) ([]probe.Finding, error) {
	modules := w.Folders.Modules(lock, before)
	if len(modules) == 0 {
		return nil, nil
	}
	log(fmt.Sprintf("Importing %d new modules to see whether they work here.", len(modules)))
	return w.Probe(ctx, path, modules)
}

// suspect is a package that may be to blame for a refusal.
type suspect struct {
	name    string
	finding probe.Finding
}

// suspects lists who may be to blame for refusals at the top level, those first
// that are named by one. Modules are imported in the order of their names, so
// what refuses first may do so for what it imports itself; and that may have
// been there for long, because nobody imported that part of it.
func (w *Workshop) suspects(findings []probe.Finding, lock model.Lock) (all []suspect) {
	add := func(name string, f probe.Finding) {
		if name != "" && !slices.ContainsFunc(all, func(s suspect) bool { return s.name == name }) {
			all = append(all, suspect{name, f})
		}
	}
	owners := map[string]string{} // by modules at the top level
	for _, m := range w.Folders.Modules(lock, nil) {
		owners[m.Name] = m.Package
	}
	var refusing []probe.Finding
	for _, f := range findings {
		if f.Kind == probe.Refuses && !f.Inside {
			refusing = append(refusing, f)
		}
	}
	for _, f := range refusing { // each in its own words, where it has them
		top, _, _ := strings.Cut(f.Refuser, ".")
		if owners[top] == f.Package {
			add(f.Package, f)
		}
	}
	for _, f := range refusing {
		top, _, _ := strings.Cut(f.Refuser, ".")
		if owner := owners[top]; owner != "" && owner != f.Package {
			f.Detail += ", which is of the package " + owner
			add(owner, f)
		}
	}
	for _, f := range refusing {
		if p := lock.Find(f.Package); p != nil && !isPure(p) {
			add(f.Package, f)
		}
	}
	return all
}

// isPure reports whether a package's wheel is Python alone already.
func isPure(p *model.LockedPackage) bool { return strings.HasSuffix(p.File, "-none-any.whl") }

// swap puts the pure wheel of the first suspect that has one in its place. asked
// has those that have none.
func (w *Workshop) swap(ctx context.Context, env *model.Environment, suspects []suspect, asked map[string]bool, log func(string)) (bool, error) {
	for _, s := range suspects {
		at := slices.IndexFunc(env.Lock, func(p model.LockedPackage) bool { return p.Name == s.name })
		if at < 0 || asked[s.name] || isPure(&env.Lock[at]) {
			continue
		}
		asked[s.name] = true // also one that was swapped: once is enough
		pure, found, err := w.Pip.Pure(ctx, env.Lock[at])
		if err != nil {
			return false, err
		}
		if !found {
			continue
		}
		log(s.finding.String() + " There is a wheel of " + s.name + " that is Python alone; that is taken instead.")
		env.Lock = slices.Clone(env.Lock)
		env.Lock[at] = pure
		return true, nil
	}
	return false, nil
}
