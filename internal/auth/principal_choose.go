package auth

import (
	"slices"
	"strings"

	"maestro/internal/model"
)

// Principal is an authenticated caller. It is shared by all calls that carry
// the same token: read only.
type Principal struct {
	Subject string
	Email   string
	Admin   bool
	Tenants []string // the subtenants that the caller belongs to; an admin may act in others too
	Fixed   bool     // a claim names the one subtenant; only an admin may choose another
}

// Choose returns the subtenant that a call is about. named is what the caller
// asked for, or empty. The error is a *model.Error with CodeForbidden or
// CodeBadRequest.
func (p *Principal) Choose(named string) (string, error) {
	switch {
	case named != "" && (p.Admin || slices.Contains(p.Tenants, named)):
		return named, nil
	case named != "":
		return "", model.NewError(model.CodeForbidden, "You have no access to the subtenant that X-Subtenant-ID names.")
	case len(p.Tenants) == 1:
		return p.Tenants[0], nil
	case len(p.Tenants) > 1:
		return "", model.NewError(model.CodeBadRequest,
			"You belong to several subtenants; name one of them in X-Subtenant-ID: %s.", strings.Join(p.Tenants, ", "))
	case p.Admin:
		return "", model.NewError(model.CodeBadRequest, "Your token names no subtenant; name one in X-Subtenant-ID.")
	default:
		return "", model.NewError(model.CodeForbidden, "You belong to no subtenant; ask an administrator to grant you access to one.")
	}
}

// Belongs reports whether the caller may act in a subtenant.
func (p *Principal) Belongs(tenant string) bool {
	return p.Admin || slices.Contains(p.Tenants, tenant)
}
