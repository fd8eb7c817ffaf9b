package packages

import (
	"fmt"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// root is a requirement and who has it.
type root struct {
	requirement.Requirement
	by string // for people: "the function pay", or "POST /packages"
}

func (r *root) inWords() string { return r.Text + " of " + r.by }

// byRequest is who has the packages that were asked for by themselves.
const byRequest = "POST /packages"

func byFunction(name string) string { return "the function " + name }

// edit is what is to become of a subtenant's roots. Its zero value changes
// nothing.
type edit struct {
	install *requirement.Requirement // asked for by itself, instead of what was asked of that name before
	remove  string                   // normalised name that is no longer asked for by itself

	function     string                    // whose requirements these are from now on; empty: none
	requirements []requirement.Requirement // of function
	restore      model.Lock                // packages that the function had and is to get back; nil: any that fit
}

// rootsAfter returns what is asked for once e is done. What is stored was
// checked when it was.
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
		if f.Function == e.function {
			continue
		}
		for _, text := range f.Requirements {
			if err := add(text, byFunction(f.Function)); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, r := range e.requirements {
		roots = append(roots, root{r, byFunction(e.function)})
	}
	return roots, requested, nil
}

// fits reports whether a lock already has what the roots want, known being those
// that it was made for. In doubt it does not: others then look closer.
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

// names of what roots ask for.
func names(roots []root) []string {
	var all []string
	for _, r := range roots {
		all = append(all, r.Name)
	}
	return all
}

// askers lists who wants the package of a name, directly or through others, in
// words: "foo>=2 of the function a".
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

// inWords joins names for people: "a, b and c".
func inWords(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}
