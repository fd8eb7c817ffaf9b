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

// Workshop builds and probes environments.
type Workshop struct {
	Pip     *pip.Runner
	Folders *environment.Folders
	// Probe imports modules from a folder of packages, in a separate process.
	Probe func(ctx context.Context, path string, modules []probe.Module) ([]probe.Finding, error)
}

// mostSwaps bounds how many packages of one install are tried as pure Python.
const mostSwaps = 20

// Make builds an environment's folder and imports its new modules, those that
// before did not have. A package that refuses is replaced by the pure Python
// wheel of the same version, if there is one; env is updated accordingly.
// refused is the finding for which the packages are refused; the folder is
// removed then. findings has the others.
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

// try imports the new modules in a folder.
func (w *Workshop) try(ctx context.Context, path string, lock, before model.Lock, log func(string)) ([]probe.Finding, error) {
	modules := w.Folders.Modules(lock, before)
	if len(modules) == 0 {
		return nil, nil
	}
	log(fmt.Sprintf("Importing %d new modules to check that they work in sub-interpreters.", len(modules)))
	return w.Probe(ctx, path, modules)
}

// suspect is a package that may have caused a refusal.
type suspect struct {
	name    string
	finding probe.Finding
}

// suspects lists the packages that may have caused refusals at the top level,
// those named by a refusal first. Modules are imported in the order of their
// names, so a module may refuse because of another one that it imports; that
// one may have been installed for long without that part being imported.
func (w *Workshop) suspects(findings []probe.Finding, lock model.Lock) (all []suspect) {
	add := func(name string, f probe.Finding) {
		if name != "" && !slices.ContainsFunc(all, func(s suspect) bool { return s.name == name }) {
			all = append(all, suspect{name, f})
		}
	}
	owners := map[string]string{} // by top-level modules
	for _, m := range w.Folders.Modules(lock, nil) {
		owners[m.Name] = m.Package
	}
	var refusing []probe.Finding
	for _, f := range findings {
		if f.Kind == probe.Refuses && !f.Inside {
			refusing = append(refusing, f)
		}
	}
	for _, f := range refusing { // with their own detail, if they have one
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

// isPure reports whether a package's wheel is pure Python already.
func isPure(p *model.LockedPackage) bool { return strings.HasSuffix(p.File, "-none-any.whl") }

// swap replaces the first suspect that has a pure wheel by that wheel. asked
// has the suspects without one.
func (w *Workshop) swap(ctx context.Context, env *model.Environment, suspects []suspect, asked map[string]bool, log func(string)) (bool, error) {
	for _, s := range suspects {
		at := slices.IndexFunc(env.Lock, func(p model.LockedPackage) bool { return p.Name == s.name })
		if at < 0 || asked[s.name] || isPure(&env.Lock[at]) {
			continue
		}
		asked[s.name] = true // also one that was swapped: it is tried once
		pure, found, err := w.Pip.Pure(ctx, env.Lock[at])
		if err != nil {
			return false, err
		}
		if !found {
			continue
		}
		log(s.finding.String() + " There is a wheel of " + s.name + " in pure Python, which is used instead.")
		env.Lock = slices.Clone(env.Lock)
		env.Lock[at] = pure
		return true, nil
	}
	return false, nil
}
