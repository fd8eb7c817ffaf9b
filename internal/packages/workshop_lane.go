package packages

import (
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/probe"
)

// notReached is why a package needs the process lane whose modules were not imported
// in a sub-interpreter, because too many others had ended theirs.
const notReached = "its import in a sub-interpreter was not tried, because other packages ended the process repeatedly"

// needs are the packages that need the process lane, with the reasons: those whose
// modules refuse or end a sub-interpreter, not those that import them.
func (w *Workshop) needs(lock model.Lock, left []probe.Module, findings []probe.Finding) map[string]string {
	owners, needs := w.owners(lock), map[string]string{}
	for i := range findings {
		f := &findings[i]
		if !f.NeedsProcess() {
			continue
		}
		name := owners.of(f.Refuser)
		if name == "" {
			name = f.Package
		}
		if needs[name] == "" {
			needs[name] = f.Reason()
		}
	}
	for _, m := range left {
		if needs[m.Package] == "" {
			needs[m.Package] = notReached
		}
	}
	return needs
}

// mark notes in the lock of env which packages need the process lane. Of those whose
// modules were imported now it forgets what was noted before.
func mark(env *model.Environment, needs map[string]string, imported []probe.Module) {
	env.Lock = slices.Clone(env.Lock)
	for i := range env.Lock {
		p := &env.Lock[i]
		now := slices.ContainsFunc(imported, func(m probe.Module) bool { return m.Package == p.Name })
		if reason := needs[p.Name]; now || reason != "" {
			p.NeedsProcess = reason
		}
	}
}

// unmarked are the findings that the marks of packages do not tell. A module that has
// failed in a sub-interpreter alone has the finding of the main one.
func unmarked(findings, inMain []probe.Finding) (rest []probe.Finding) {
	main := map[string]probe.Finding{}
	for _, f := range inMain {
		main[f.Module] = f
	}
	for _, f := range findings {
		if again, known := main[f.Module]; known && f.Kind == probe.Failed {
			f = again
		}
		if !f.NeedsProcess() {
			rest = append(rest, f)
		}
	}
	return rest
}

// owners are the packages of modules: of those at the top level, and of extension
// modules by their full names.
type owners map[string]string

func (w *Workshop) owners(lock model.Lock) owners {
	all := owners{}
	for _, m := range w.Folders.Modules(lock, nil) {
		all[m.Name] = m.Package
		for _, extension := range m.Extensions {
			all[extension] = m.Package
		}
	}
	return all
}

// of is the package of a module; empty: not known.
func (o owners) of(module string) string {
	if owner := o[module]; owner != "" {
		return owner
	}
	top, _, _ := strings.Cut(module, ".")
	return o[top]
}
