package engine

import "maestro/internal/model"

// A stored module is an entry of the catalogue like a function, though none
// that can be run. What imports it holds on to its objects, so a change of it
// makes new programs of all that import it, directly or through other modules:
// an interpreter loads those anew, and finds the present module then. The same
// holds for the module of a function, functions.NAME, for what imports its classes.

// withSettings returns the entry for a function whose settings differ, and whose code does
// not: code that has imported its classes goes on with them, so its program stays.
func (e *entry) withSettings(ref model.FunctionRef, sequence uint64) *entry {
	if e.isLoading() {
		return &entry{ref: ref, since: sequence}
	}
	next := &entry{ref: ref, since: e.since, program: e.program}
	if f := e.ready.Load(); f != nil {
		next.program = f.Program
	}
	return next
}

// isLoading reports whether a goroutine is making e ready. If not, and the snapshot of e is
// not the present one, none begins to (load).
func (e *entry) isLoading() bool {
	if !e.loading.TryLock() {
		return true
	}
	e.loading.Unlock()
	return false
}

// changedModules returns the names of the modules that are not the same in two
// consecutive snapshots: changed, new or gone, also in favour of a function. stored reports
// whether stored modules are among them.
func changedModules(last, next *snapshot) (changed map[string]bool, stored bool) {
	changed = map[string]bool{}
	note := func(name string, e *entry) {
		stored = stored || e.ref.Kind == model.KindModule
		changed[importedName(name, e.ref.Kind)] = true
	}
	for name, e := range next.functions {
		if e.since == next.sequence {
			note(name, e)
		}
	}
	for name, e := range last.functions {
		if other := next.functions[name]; other == nil || other.ref.VersionID != e.ref.VersionID {
			note(name, e)
		}
	}
	return changed, stored
}

// importedName is the name by which the code of a subtenant imports a module.
func importedName(name string, kind model.FunctionKind) string {
	if kind == model.KindModule {
		return name
	}
	return model.FunctionsPackage + "." + name
}

// renewImporters gives new entries to all that import one of the changed
// modules. Modules among them are changed for their own importers. An entry that is
// loading now is renewed, because what it imports is not known, and it may have the old
// modules. If stored modules are among the changed ones, all entries that are not loaded are
// renewed too, and so is what imports by names that only a run can tell.
func renewImporters(next *snapshot, changed map[string]bool, stored bool) {
	for again := len(changed) > 0; again; {
		again = false
		for name, e := range next.functions {
			if e.since == next.sequence || !e.isLoading() && !e.importsAny(changed, stored) {
				continue
			}
			next.functions[name] = &entry{ref: e.ref, since: next.sequence}
			if imported := importedName(name, e.ref.Kind); !changed[imported] {
				changed[imported], again = true, true
				stored = stored || e.ref.Kind == model.KindModule
			}
		}
	}
	if stored {
		next.stored = next.sequence
	}
}

// importsAny reports whether e imports one of the modules, or may do so.
func (e *entry) importsAny(modules map[string]bool, stored bool) bool {
	switch f := e.ready.Load(); {
	case f != nil:
		return importsAny(f.Program, modules, stored)
	case e.program != nil:
		return importsAny(e.program, modules, stored)
	default:
		return stored
	}
}

func importsAny(program *model.Program, modules map[string]bool, stored bool) bool {
	for _, name := range program.Imports {
		if modules[name] || stored && name == model.AnyModule {
			return true
		}
	}
	return false
}

// runnable returns f, or an error when it is a module, switched off or quarantined.
func (f *function) runnable() (*function, error) {
	switch {
	case f.kind == model.KindModule:
		return nil, isModule(f.Name)
	case f.off:
		return nil, isOff(f.Name)
	case f.quarantine != "":
		return nil, isQuarantined(f.Name, f.quarantine)
	default:
		return f, nil
	}
}

// runnableIn is runnable for an f of a snapshot that there is only without err.
func (f *function) runnableIn(now *snapshot, err error) (*function, *snapshot, error) {
	f, err = f.runnableOr(err)
	return f, now, err
}

// runnableOr is runnable for an f that there is only without err.
func (f *function) runnableOr(err error) (*function, error) {
	if err != nil {
		return nil, err
	}
	return f.runnable()
}

func isModule(name string) *model.Error {
	return model.NewError(model.CodeFunctionIsModule,
		"%q is a module, which can't be run. Import it in a function (from %s import …) and run that; nothing ran.", name, name)
}

func isOff(name string) *model.Error {
	return model.NewError(model.CodeFunctionInactive,
		"The function %q is switched off, so nothing ran. PUT /api/v1/functions/%s with {\"is_active\": true} switches it on again.", name, name)
}

func isQuarantined(name, reason string) *model.Error {
	return model.NewError(model.CodeQuarantined,
		"The function %q is quarantined, so nothing ran. %s Change its code, or release it by POST /api/v1/functions/%s/release.", name, reason, name)
}
