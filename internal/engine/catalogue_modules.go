package engine

import "maestro/internal/model"

// A stored module is an entry of the catalogue like a function, though none
// that can be run. What imports it holds on to its objects, so a change of it
// makes new programs of all that import it, directly or through other modules:
// an interpreter loads those anew, and finds the present module then. The same
// holds for the module of a function, functions.NAME, for what imports its classes.

// changedModules returns the names of the modules that are not the same in two
// snapshots: changed, new or gone, also in favour of a function. stored reports
// whether stored modules are among them.
func changedModules(last, next *snapshot) (changed map[string]bool, stored bool) {
	changed = map[string]bool{}
	compare := func(entries, others map[string]*entry) {
		for name, e := range entries {
			other := others[name]
			if other == e || other != nil && other.ref.VersionID == e.ref.VersionID {
				continue
			}
			if e.ref.Kind == model.KindModule {
				stored = true
			}
			changed[importedName(name, e.ref.Kind)] = true
		}
	}
	compare(last.functions, next.functions)
	compare(next.functions, last.functions)
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
// modules. Modules among them are changed for their own importers. If stored modules
// are, entries that are not loaded are renewed too, because they may be loading now,
// with the old modules, and so is what imports by names that only a run can tell.
func renewImporters(next *snapshot, changed map[string]bool, stored bool) {
	for again := len(changed) > 0; again; {
		again = false
		for name, e := range next.functions {
			f := e.ready.Load()
			if f == nil && !stored || f != nil && !f.importsAny(changed, stored) {
				continue
			}
			next.functions[name] = &entry{ref: e.ref}
			if imported := importedName(name, e.ref.Kind); !changed[imported] {
				changed[imported], again = true, true
				stored = stored || e.ref.Kind == model.KindModule
			}
		}
	}
}

func (f *function) importsAny(modules map[string]bool, stored bool) bool {
	for _, name := range f.Program.Imports {
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
