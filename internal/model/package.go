package model

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// LockedPackage is one package of a Lock: a wheel, known by its hash.
type LockedPackage struct {
	Name    string   `json:"name"` // normalised as in PEP 503
	Version string   `json:"version"`
	File    string   `json:"file"`   // the wheel's file name
	SHA256  string   `json:"sha256"` // of the wheel, in hexadecimal digits
	Needs   []string `json:"needs"`  // names of those of the same lock that it requires here, sorted
	// Notes say, for people, which of its modules do not work, or not in each lane.
	Notes []string `json:"notes,omitempty"`
	// NeedsProcess says, for people, why it works in the process lane only; empty:
	// it works in both. It belongs to the wheel, as Notes do.
	NeedsProcess string `json:"needs_process,omitempty"`
}

// Lock is the result of a resolution: every package with its hash, by name. It
// never changes, and makes the same folder on every server.
type Lock []LockedPackage

// Find returns the package of a normalised name, or nil.
func (l Lock) Find(name string) *LockedPackage {
	at, found := slices.BinarySearchFunc(l, name, func(p LockedPackage, name string) int {
		switch {
		case p.Name < name:
			return -1
		case p.Name > name:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return &l[at]
}

// Reach returns the part of the lock that the packages of these normalised
// names need, themselves among it.
func (l Lock) Reach(names ...string) Lock {
	needed := map[string]bool{}
	for open := slices.Clone(names); len(open) > 0; {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		if found := l.Find(name); found != nil && !needed[name] {
			needed[name] = true
			open = append(open, found.Needs...)
		}
	}
	var part Lock
	for _, p := range l {
		if needed[p.Name] {
			part = append(part, p)
		}
	}
	return part
}

// Equal reports whether two locks say the same. Which package needs which may
// differ where the wheels do not: when one is asked for with another extra.
func (l Lock) Equal(other Lock) bool {
	return slices.EqualFunc(l, other, func(a, b LockedPackage) bool {
		return a.Name == b.Name && a.Version == b.Version && a.SHA256 == b.SHA256 && slices.Equal(a.Needs, b.Needs)
	})
}

// Notes are those of all its packages.
func (l Lock) Notes() []string {
	var all []string
	for _, p := range l {
		all = append(all, p.Notes...)
	}
	return all
}

// Digest names the content of a lock: equal folders have equal digests.
func (l Lock) Digest() string {
	sum := sha256.New()
	for _, p := range l {
		_ = json.NewEncoder(sum).Encode([]string{p.Name, p.Version, p.SHA256}) // a hash takes everything
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Environment is one of a subtenant's numbered sets of packages. It never
// changes; an installation makes the next one.
type Environment struct {
	Tenant    string
	Number    int // 1 and up; 0: there is none, and Lock is empty
	Lock      Lock
	CreatedAt time.Time
	CreatedBy *string
	// LaneSetting is the setting of the subtenant, read together with the environment,
	// of which it is no part.
	LaneSetting LaneName
	Paused      bool // the subtenant is, read together with it
	Notified    bool // messages are sent about functions without a setting of their own; read together with it too
}

// SitePackages is an environment as the lane sees it: a folder that stays as it
// is. The zero value is that of a subtenant without packages.
type SitePackages struct {
	Number int    // of the environment; a greater one is newer
	Path   string // empty: none
}
