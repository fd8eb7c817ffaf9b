package engine

import (
	"sync"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/model"
)

const (
	// mostGiven is from how many versions on those are dropped that were given to a
	// lane longer than givenFor ago and are not current.
	mostGiven = 4096
	givenFor  = time.Hour
)

// given are the versions of functions that were resolved for a lane's children. A step
// of another one was never called.
type given struct {
	mu       sync.Mutex                    // guards what follows
	versions map[versionKey]*givenFunction // of functions, not of modules
	sweepAt  int                           // how many versions there are at the next sweep
}

type versionKey struct {
	name   string
	number int
}

type givenFunction struct {
	calltree.Function // with the imports of its program only: the rest is freed with its snapshot
	at                time.Time
}

// note adds a version; now is the present snapshot, nil when it is not known.
func (g *given) note(f *function, now *snapshot) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key, at := versionKey{f.Name, f.Version}, time.Now()
	if known := g.versions[key]; known != nil {
		known.at = at
		return
	}
	if g.versions == nil {
		g.versions, g.sweepAt = map[versionKey]*givenFunction{}, mostGiven
	}
	if len(g.versions) >= g.sweepAt && now != nil {
		for key, of := range g.versions {
			if at.Sub(of.at) > givenFor && !now.has(key) {
				delete(g.versions, key)
			}
		}
		g.sweepAt = max(mostGiven, 2*len(g.versions))
	}
	g.versions[key] = &givenFunction{calltree.Function{Name: f.Name, Version: f.Version, Program: &model.Program{Imports: f.Program.Imports}}, at}
}

// find returns a version that was given, or nil.
func (g *given) find(name string, number int) *calltree.Function {
	g.mu.Lock()
	defer g.mu.Unlock()
	if of := g.versions[versionKey{name, number}]; of != nil {
		return &of.Function
	}
	return nil
}

// has reports whether that version is loaded in the snapshot.
func (s *snapshot) has(key versionKey) bool {
	if known := s.functions[key.name]; known != nil {
		f := known.ready.Load()
		return f != nil && f.Version == key.number
	}
	return false
}
