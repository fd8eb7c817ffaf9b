package packages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/pip"
)

func contains(all []string, one string) bool { return slices.Contains(all, one) }

// explain makes an error for people of what kept packages from being
// installed. roots are what was asked for.
func (m *Manager) explain(err error, roots []root, lock model.Lock) error {
	var (
		coded       *model.Error
		conflict    *pip.ConflictError
		unreachable *pip.UnreachableError
		refused     *pip.Error
	)
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case errors.As(err, &conflict):
		return model.NewError(model.CodePackageConflict, "%s", conflictInWords(conflict, roots, lock))
	case errors.As(err, &unreachable):
		away := model.NewError(model.CodeUnavailable, "The package index can't be reached; nothing was changed. Try again later, or have whoever runs the server look at PIP_INDEX_URL.")
		away.Cause = err
		return away
	case errors.As(err, &refused):
		return model.NewError(model.CodePackageInstallFailed, "%s", refused.Text)
	case errors.Is(err, context.DeadlineExceeded):
		return model.NewError(model.CodePackageInstallFailed, "The install took longer than %v and was stopped; nothing was changed.", m.opts.Limit)
	case errors.Is(err, context.Canceled):
		return errStopping()
	default:
		return err
	}
}

func errStopping() error {
	return model.NewError(model.CodeUnavailable, "The server was stopped before the install was done; nothing was changed. Ask for it again.")
}

// conflictInWords names who stands against whom.
func conflictInWords(conflict *pip.ConflictError, roots []root, lock model.Lock) string {
	var sides, said []string
	for _, cause := range conflict.Causes {
		if cause.Package == "" { // asked for by itself
			sides = append(sides, sidesOf(roots, cause.Requires)...)
			continue
		}
		said = append(said, fmt.Sprintf("%s needs %s", cause.Package, cause.Requires))
		name, _, _ := strings.Cut(cause.Package, " ")
		sides = append(sides, askers(roots, lock, strings.ToLower(name))...)
	}
	slices.Sort(sides)
	sides = slices.Compact(sides)
	if len(sides) < 2 {
		// The other side is whoever else wants something: better all than a guess.
		for _, r := range roots {
			sides = append(sides, r.Text+" of "+r.by)
		}
		slices.Sort(sides)
		sides = slices.Compact(sides)
	}
	text := "These can't be installed together: " + inWords(sides) + "."
	if len(said) > 0 {
		text += " The reason: " + inWords(said) + "."
	}
	return text + " Nothing was changed; change one of them."
}

// sidesOf are the roots that pip speaks of as "the user requested …".
func sidesOf(roots []root, text string) []string {
	var all []string
	for _, r := range roots {
		if r.Text == text || strings.HasPrefix(strings.ToLower(text), r.Name) && sameSpecifier(r, text) {
			all = append(all, r.Text+" of "+r.by)
		}
	}
	return all
}

func sameSpecifier(r root, text string) bool {
	return strings.HasSuffix(strings.ReplaceAll(text, " ", ""), r.Specifier)
}

// forbidden says what a server that installs nothing would have to install.
func (m *Manager) forbidden(lock model.Lock, known, roots []root) error {
	var missing []string
	for _, r := range roots {
		if !fits(lock, known, []root{r}) && !contains(missing, r.Text) {
			missing = append(missing, r.Text)
		}
	}
	return model.NewError(model.CodePackagesDisabled, "%s would have to be installed, and this server installs nothing (ALLOW_PACKAGE_INSTALLATION=false).", inWords(missing))
}
