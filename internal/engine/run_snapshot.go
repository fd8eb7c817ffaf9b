package engine

import (
	"slices"
	"strings"

	"maestro/internal/model"
)

// A run sees a changed function at its next call of it. Its code that is running
// keeps what it has imported, though, the classes of exceptions for example. If some of that
// has changed, the run goes on with the functions of before that share it: those
// that its code imports, and those that import it themselves.

// former returns the function that the run calls instead of f, a function of the present
// snapshot, and the snapshot that it is of. Mostly it is f itself.
func (r *run) former(f *function, now *snapshot) (*function, *snapshot) {
	followed := r.followed.Load()
	if followed == now {
		return f, now
	}
	var running []*model.Program
	if followed != nil {
		running = r.running()
	}
	if !slices.ContainsFunc(running, func(p *model.Program) bool { return importsDiffer(p, followed, now) }) {
		r.followed.Store(now) // of several threads the last one decides: each has looked at a present one
		return f, now
	}
	differs := importsDiffer(f.Program, followed, now)
	if !differs && !followed.reaches(running, importedName(f.Name, f.kind)) {
		return f, now
	}
	if known := followed.functions[f.Name]; known != nil && known.ref.Kind == f.kind {
		// One that was loaded later has what that later snapshot has.
		if former := known.ready.Load(); former != nil && former.sequence <= followed.sequence {
			return former, followed
		}
	}
	if differs {
		r.followed.Store(now) // its code, which is loaded now, is that of all later runs as well
	}
	return f, now
}

// running returns the programs whose code the run is running.
func (r *run) running() []*model.Program {
	r.mu.Lock()
	defer r.mu.Unlock()
	running := []*model.Program{r.function.Program}
	for _, s := range r.steps {
		if s != nil && s.status == model.StatusRunning && !slices.Contains(running, s.function.Program) {
			running = append(running, s.function.Program)
		}
	}
	return running
}

// reaches reports whether programs import a module, directly or through others.
func (s *snapshot) reaches(programs []*model.Program, module string) bool {
	seen := map[string]bool{}
	for len(programs) > 0 {
		program := programs[len(programs)-1]
		programs = programs[:len(programs)-1]
		if program == nil {
			continue
		}
		for _, name := range program.Imports {
			if name == module {
				return true
			}
			if e := s.imported(name); e != nil && !seen[name] {
				seen[name] = true
				if f := e.ready.Load(); f != nil {
					programs = append(programs, f.Program)
				}
			}
		}
	}
	return false
}

// importsDiffer reports whether something that a program imports, or what that itself
// imports, has changed from one snapshot to a later one.
func importsDiffer(program *model.Program, before, now *snapshot) bool {
	if program == nil {
		return false
	}
	for _, name := range program.Imports {
		if name == model.AnyModule {
			if now.stored > before.sequence {
				return true
			}
			continue
		}
		known, other := before.imported(name), now.imported(name)
		if (known == nil) != (other == nil) || other != nil && other.since > before.sequence {
			return true
		}
	}
	return false
}

// imported returns the entry of the module that a program imports by this name, or
// nil when there is none.
func (s *snapshot) imported(name string) *entry {
	if function, ok := strings.CutPrefix(name, model.FunctionsPackage+"."); ok {
		if e := s.functions[function]; e != nil && e.ref.Kind != model.KindModule {
			return e
		}
		return nil
	}
	if e := s.functions[name]; e != nil && e.ref.Kind == model.KindModule {
		return e
	}
	return nil
}
