package packages

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// root is a requirement and its origin.
type root struct {
	requirement.Requirement
	by string // user-facing: "the function pay", or "POST /packages"
}

func (r *root) inWords() string { return r.Text + " of " + r.by }

// byRequest is the origin of packages requested by POST /packages.
const byRequest = "POST /packages"

func byFunction(name string) string { return "the function " + name }

// edit is a change of a subtenant's roots. Its zero value changes nothing.
type edit struct {
	install *requirement.Requirement // requested by POST /packages, in place of an earlier request of that name
	remove  string                   // normalised name that is no longer requested

	functions map[string][]requirement.Requirement // by the names of the functions whose requirements are replaced
	restore   model.Lock                           // packages that the function had and that are restored; nil: any that fit
}

// inWords names the functions of the edit.
func (e *edit) inWords() string { return inWords(slices.Sorted(maps.Keys(e.functions))) }

// rootsAfter returns the roots after e. Stored requirements were checked when
// they were stored.
func rootsAfter(state *repo.PackageState, e *edit) (roots []root, requested []repo.RequestedPackage, err error) {
	add := func(text, by string) error {
		parsed, err := requirement.Parse(text)
		if err != nil {
			return fmt.Errorf("read the stored requirement %q of %s: %w", text, by, err)
		}
		roots = append(roots, root{parsed, by})
		return nil
	}
	for _, r := range state.Requested {
		if r.Name == e.remove || e.install != nil && r.Name == e.install.Name {
			continue
		}
		requested = append(requested, r)
		if err := add(r.Requirement, byRequest); err != nil {
			return nil, nil, err
		}
	}
	if e.install != nil {
		roots = append(roots, root{*e.install, byRequest})
		requested = append(requested, repo.RequestedPackage{Name: e.install.Name, Requirement: e.install.Text})
	}
	for _, f := range state.Functions {
		if _, replaced := e.functions[f.Function]; replaced {
			continue
		}
		for _, text := range f.Requirements {
			if err := add(text, byFunction(f.Function)); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, function := range slices.Sorted(maps.Keys(e.functions)) {
		for _, r := range e.functions[function] {
			roots = append(roots, root{r, byFunction(function)})
		}
	}
	return roots, requested, nil
}

// fits reports whether a lock already meets the roots, known being those that
// it was made for. In doubt it returns false, and the caller checks further.
func fits(lock model.Lock, known, roots []root) bool {
	for _, r := range roots {
		if slices.ContainsFunc(known, func(k root) bool { return k.Text == r.Text }) {
			continue
		}
		found := lock.Find(r.Name)
		if found == nil || len(r.Extras) > 0 || r.Marker != "" || !r.SurelyAccepts(found.Version) {
			return false
		}
	}
	return true
}

// names of the packages that roots request.
func names(roots []root) []string {
	var all []string
	for _, r := range roots {
		all = append(all, r.Name)
	}
	return all
}

// askers lists the origins of the package of a name, directly or through
// others, in words: "foo>=2 of the function a".
func askers(roots []root, locks model.Lock, name string) []string {
	var all []string
	for _, r := range roots {
		switch {
		case r.Name == name:
			all = append(all, r.inWords())
		case locks.Reach(r.Name).Find(name) != nil:
			all = append(all, r.inWords()+", which needs "+name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// inWords joins names for a message: "a, b and c".
func inWords(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}
