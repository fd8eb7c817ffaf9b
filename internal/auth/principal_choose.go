package auth

import (
	"slices"
	"strings"

	"maestro/internal/model"
)

// Principal is an authenticated caller. All calls with the same token share it:
// it is read only.
type Principal struct {
	Subject string
	Email   string
	Admin   bool
	Tenants []string // that the caller has access to; an administrator has access to all
	Fixed   bool     // a claim names the subtenant; only an administrator may choose another
}

// Choose returns the subtenant of a call. named is the requested one, or empty.
// The error is a *model.Error with CodeForbidden or CodeBadRequest.
func (p *Principal) Choose(named string) (string, error) {
	switch {
	case named != "" && (p.Admin || slices.Contains(p.Tenants, named)):
		return named, nil
	case named != "":
		return "", model.NewError(model.CodeForbidden, "You have no access to the subtenant in X-Subtenant-ID.")
	case len(p.Tenants) == 1:
		return p.Tenants[0], nil
	case len(p.Tenants) > 1:
		return "", model.NewError(model.CodeBadRequest,
			"You have access to several subtenants. Name one of them in X-Subtenant-ID: %s.", strings.Join(p.Tenants, ", "))
	case p.Admin:
		return "", model.NewError(model.CodeBadRequest, "Your token names no subtenant. Name one in X-Subtenant-ID.")
	default:
		return "", model.NewError(model.CodeForbidden, "You have access to no subtenant; ask an administrator for access.")
	}
}

// Belongs reports whether the caller may act in a subtenant.
func (p *Principal) Belongs(tenant string) bool {
	return p.Admin || slices.Contains(p.Tenants, tenant)
}
