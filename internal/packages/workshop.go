package packages

import (
	"context"
	"fmt"
	"slices"

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
// with that. refused is the finding for which the packages can't be had; what
// was found else is in findings.
func (w *Workshop) Make(ctx context.Context, env *model.Environment, before model.Lock, log func(string)) (findings []probe.Finding, refused *probe.Finding, err error) {
	for swaps := 0; ; swaps++ {
		path, err := w.Folders.Build(ctx, *env, log)
		if err != nil {
			return nil, nil, err
		}
		modules := w.Folders.Modules(env.Lock, before)
		if len(modules) == 0 {
			return nil, nil, nil
		}
		log(fmt.Sprintf("Importing %d new modules to see whether they work here.", len(modules)))
		if findings, err = w.Probe(ctx, path, modules); err != nil {
			return nil, nil, err
		}
		refused = probe.Decide(findings)
		if refused == nil || refused.Kind != probe.Refuses || swaps == mostSwaps {
			return findings, refused, nil
		}
		swapped, err := w.swap(ctx, env, refused, log)
		if err != nil || !swapped {
			return findings, refused, err
		}
	}
}

// swap puts the pure wheel of a package that refuses in its place.
func (w *Workshop) swap(ctx context.Context, env *model.Environment, refused *probe.Finding, log func(string)) (bool, error) {
	at := slices.IndexFunc(env.Lock, func(p model.LockedPackage) bool { return p.Name == refused.Package })
	if at < 0 {
		return false, nil
	}
	pure, found, err := w.Pip.Pure(ctx, env.Lock[at])
	if err != nil || !found {
		return false, err
	}
	log(refused.String() + " There is a wheel of it that is Python alone; that is taken instead.")
	env.Lock = slices.Clone(env.Lock)
	env.Lock[at] = pure
	return true, nil
}
