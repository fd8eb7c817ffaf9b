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
	Probe func(ctx context.Context, in probe.Interpreter, path string, modules []probe.Module) ([]probe.Finding, error)
}

// mostSwaps bounds how many packages of one install are tried as pure Python.
const mostSwaps = 20

// Make builds an environment's folder and imports its new modules, those that
// before did not have, in a sub-interpreter. A package that refuses is replaced by the
// pure Python wheel of the same version, if there is one; env is updated accordingly,
// and says which of its packages need the process lane. moves says that the subtenant
// may run there: then packages are refused only if they do not work there either.
// refused is the finding for which they are; the folder is removed then. findings has
// the others that are of interest.
func (w *Workshop) Make(ctx context.Context, env *model.Environment, before model.Lock, moves bool, log func(string)) (findings []probe.Finding, refused *probe.Finding, err error) {
	asked := map[string]bool{}
	for swaps := 0; ; swaps++ {
		trial, err := w.Folders.Try(ctx, *env, log)
		if err != nil {
			return nil, nil, err
		}
		swapped, findings, refused, err := w.examine(ctx, trial, env, before, moves, swaps < mostSwaps, asked, log)
		if err == nil && !swapped && refused == nil {
			_, err = trial.Keep()
		}
		trial.Drop()
		if err != nil || !swapped {
			return findings, refused, err
		}
	}
}

// examine imports the new modules of a trial. It reports whether a package has got
// another wheel, with which the trial is to be made again.
func (w *Workshop) examine(ctx context.Context, trial *environment.Trial, env *model.Environment, before model.Lock, moves, maySwap bool, asked map[string]bool, log func(string),
) (swapped bool, findings []probe.Finding, refused *probe.Finding, err error) {
	modules := w.Folders.Modules(env.Lock, before)
	if len(modules) == 0 {
		return false, nil, nil, nil
	}
	log(fmt.Sprintf("Importing %d new modules to check that they work in sub-interpreters.", len(modules)))
	findings, left, err := w.survey(ctx, trial.Path, modules, moves)
	if err != nil {
		return false, nil, nil, err
	}
	refused = probe.Refusal(findings)
	if refused != nil && refused.Kind == probe.Refuses {
		suspects := w.suspects(findings, env.Lock)
		if maySwap {
			if swapped, err = w.swap(ctx, env, suspects, asked, log); err != nil || swapped {
				return swapped, nil, nil, err
			}
		}
		if len(suspects) > 0 {
			refused = &suspects[0].finding
		}
	}
	if refused != nil && !moves {
		return false, findings, refused, nil
	}
	needs := w.needs(env.Lock, left, findings)
	mark(env, needs, modules)
	var again []probe.Finding
	if len(needs) > 0 && moves {
		log("Importing them again in a process of their own, as functions of the process lane do.")
		if again, err = w.Probe(ctx, probe.Main, trial.Path, modules); err != nil {
			return false, nil, nil, err
		}
	}
	return false, unmarked(findings, again), probe.RefusalInProcess(again), nil
}

// mostChildren bounds in how many children one after the other modules are imported,
// when some of them end theirs.
const mostChildren = 4

// survey imports modules in sub-interpreters. on has it go on after one that ends the
// process, with the modules of other packages; left are those that were not reached.
func (w *Workshop) survey(ctx context.Context, path string, modules []probe.Module, on bool) (findings []probe.Finding, left []probe.Module, err error) {
	left = modules
	for n := 1; len(left) > 0 && n <= mostChildren; n++ {
		found, err := w.Probe(ctx, probe.Sub, path, left)
		if err != nil {
			return nil, nil, err
		}
		findings = append(findings, found...)
		if len(found) == 0 || !on {
			break
		}
		left = probe.Rest(left, len(found), found[len(found)-1].Package)
	}
	return findings, left, nil
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
	owners := w.owners(lock)
	var refusing []probe.Finding
	for _, f := range findings {
		if f.Kind == probe.Refuses && !f.Inside {
			refusing = append(refusing, f)
		}
	}
	for _, f := range refusing { // with their own detail, if they have one
		if owners.of(f.Refuser) == f.Package {
			add(f.Package, f)
		}
	}
	for _, f := range refusing {
		if owner := owners.of(f.Refuser); owner != "" && owner != f.Package {
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
		pure.Notes, pure.NeedsProcess = nil, "" // they were the other wheel's
		env.Lock[at] = pure
		return true, nil
	}
	return false, nil
}
