package calltree

import (
	"sync"
	"sync/atomic"

	"maestro/internal/model"
)

// Catalogue is what a child process knows of its subtenant: functions with their
// compiled schemas, modules and names, each until the engine reports a change. Its
// methods may be called from any goroutine. The zero Catalogue is ready for use.
type Catalogue struct {
	changes   atomic.Uint64 // the newest number of changes that was reported
	functions sync.Map      // name → *known
	modules   sync.Map      // name → *known
	names     atomic.Pointer[model.ResolvedNames]
}

// known is what a name stands for.
type known struct {
	function *Function // of a module with its program only; nil: there is no module of that name
	asOf     uint64
}

// Changed notes that entries resolved as of a smaller number may have changed.
func (c *Catalogue) Changed(number uint64) {
	for {
		now := c.changes.Load()
		if number <= now || c.changes.CompareAndSwap(now, number) {
			return
		}
	}
}

// current reports whether something that includes the changes up to asOf is up to
// date.
func (c *Catalogue) current(asOf uint64) bool { return asOf >= c.changes.Load() }

// function finds a function that can be called now; ofRun says that it holds for the
// run only that asked. With ask the engine decides, regardless of what it has told other runs.
func (c *Catalogue) function(link Link, name string, ask bool) (found known, ofRun bool, raise *model.Raise) {
	var last *known
	if value, ok := c.functions.Load(name); ok {
		if last = value.(*known); !ask && c.current(last.asOf) {
			return *last, false, nil
		}
	}
	resolved, raise := link.Resolve(name)
	if raise != nil {
		c.functions.Delete(name) // an entry that another thread has just made is made again
		return known{}, false, raise
	}
	f, err := renewed(last, resolved)
	if err != nil {
		return known{}, false, NotLoaded(name)
	}
	found = known{f, resolved.AsOf}
	if !resolved.OfRun {
		c.functions.Store(name, &found)
	}
	return found, resolved.OfRun, nil
}

// renewed returns the function of a resolved name: the former one, if it is the same.
func renewed(last *known, resolved model.Resolved) (*Function, error) {
	if last != nil && last.function != nil && last.function.Program.Key == resolved.Program.Key {
		return last.function, nil
	}
	return compile(resolved)
}

// module finds a stored module; nil without a Raise says that there is none.
func (c *Catalogue) module(link Link, name string) (*model.Program, *model.Raise) {
	if value, ok := c.modules.Load(name); ok {
		if last := value.(*known); c.current(last.asOf) {
			return last.program(), nil
		}
	}
	resolved, raise := link.ResolveModule(name)
	if raise != nil {
		c.modules.Delete(name)
		return nil, raise
	}
	next := &known{asOf: resolved.AsOf}
	if resolved.Program != nil {
		next.function = &Function{Name: name, Version: resolved.Program.Version, Program: resolved.Program}
	}
	if !resolved.OfRun {
		c.modules.Store(name, next)
	}
	return next.program(), nil
}

func (k *known) program() *model.Program {
	if k.function == nil {
		return nil
	}
	return k.function.Program
}

// siblings returns the names that can be called. When they can't be had, generation
// 0 says that there is no news.
func (c *Catalogue) siblings(link Link) ([]string, uint64) {
	if last := c.names.Load(); last != nil && c.current(last.AsOf) {
		return last.Names, last.Generation
	}
	resolved := link.ResolveNames()
	if resolved.Generation != 0 {
		c.names.Store(&resolved)
	}
	return resolved.Names, resolved.Generation
}
