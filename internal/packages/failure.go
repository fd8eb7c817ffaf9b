package packages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/pip"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

func contains(all []string, one string) bool { return slices.Contains(all, one) }

// ended is err, or the reason why ctx ended if err only reports the end.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return context.Cause(ctx)
	}
	return err
}

// explain turns the reason why packages could not be installed into a
// user-facing error.
func (m *Manager) explain(err error) error {
	var (
		coded       *model.Error
		unreachable *pip.UnreachableError
		refused     *pip.Error
	)
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case errors.As(err, &unreachable):
		away := model.NewError(model.CodeUnavailable, "The package index cannot be reached; nothing was changed. Try again later, or ask the server's operator to check PIP_INDEX_URL.")
		away.Cause = err
		return away
	case errors.As(err, &refused):
		return model.NewError(model.CodePackageInstallFailed, "%s", refused.Text)
	case errors.Is(err, repo.ErrInstallOver):
		return model.NewError(model.CodeUnavailable, "The install was lost because this server was considered dead; nothing was changed. Request it again.")
	case errors.Is(err, context.DeadlineExceeded):
		late := model.NewError(model.CodeUnavailable, "Installation timed out. Check the installed packages before retrying.")
		late.Cause = err
		return late
	case errors.Is(err, context.Canceled):
		return errStopping()
	default:
		return err
	}
}

func errStopping() error {
	return model.NewError(model.CodeUnavailable, "The server stopped before the install was complete; nothing was changed. Request it again.")
}

// conflictInWords names the sides of a conflict.
func conflictInWords(conflict *pip.ConflictError, p *plan, e *edit) string {
	var sides, said []string
	for _, cause := range conflict.Causes {
		if cause.Package != "" {
			said = append(said, fmt.Sprintf("%s needs %s", cause.Package, cause.Requires))
		}
		mine := sidesOf(cause, p, e)
		if len(mine) == 0 {
			// A package that is not installed yet: any new package may require it.
			mine = newSides(p)
		}
		if len(mine) == 0 {
			for _, r := range p.roots { // all, if the right one is unknown
				mine = append(mine, r.inWords())
			}
		}
		sides = append(sides, mine...)
	}
	slices.Sort(sides)
	sides = slices.Compact(sides)
	slices.Sort(said)
	said = slices.Compact(said)
	text := inWords(sides) + " cannot be installed."
	if len(sides) > 1 {
		text = "These requirements conflict: " + inWords(sides) + "."
	}
	if len(said) > 0 {
		text += " The reason: " + inWords(said) + "."
	}
	return text + " Nothing was changed; change one of them."
}

// sidesOf are the origins of one cause of a conflict, as far as they are
// known.
func sidesOf(cause pip.Cause, p *plan, e *edit) []string {
	now := p.state.Environment.Lock
	if cause.Package != "" {
		name, _, _ := strings.Cut(cause.Package, " ")
		if normal, err := requirement.Normalize(name); err == nil {
			name = normal
		}
		return askers(p.roots, now, name)
	}
	asked, err := requirement.Parse(cause.Requires)
	if err != nil {
		return nil
	}
	if cause.Pinned {
		if e.restore.Find(asked.Name) != nil {
			return []string{asked.Text + " of " + byFunction(e.inWords()) + ", in the restored version"}
		}
		return askers(p.known, now, asked.Name)
	}
	var those, named []string
	for _, r := range p.roots {
		if r.Name != asked.Name {
			continue
		}
		named = append(named, r.inWords())
		if sameClauses(r.Specifier, asked.Specifier) {
			those = append(those, r.inWords())
		}
	}
	if len(those) > 0 {
		return those
	}
	return named
}

// sameClauses compares version clauses regardless of their order.
func sameClauses(a, b string) bool {
	left, right := strings.Split(a, ","), strings.Split(b, ",")
	slices.Sort(left)
	slices.Sort(right)
	return slices.Equal(left, right)
}

// newSides are the roots that were not part of the installed environment.
func newSides(p *plan) (all []string) {
	for _, r := range p.roots {
		if !slices.ContainsFunc(p.known, func(k root) bool { return k.Text == r.Text && k.by == r.by }) {
			all = append(all, r.inWords())
		}
	}
	return all
}

// forbidden names the packages that a server without installs would have to install.
func forbidden(missing []string) error {
	return model.NewError(model.CodePackagesDisabled, "This requires the installation of %s, and installation is disabled on this server (ALLOW_PACKAGE_INSTALLATION=false).", inWords(missing))
}
