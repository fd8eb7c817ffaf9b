package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"maestro/internal/model"
)

// censusService is the name of this service in Census.
const censusService = "maestro"

// CensusUser is a user of Census.
type CensusUser struct {
	ID    string
	Email string
}

// censusID is an id: text, or in some installations of Census a number.
type censusID string

func (id *censusID) UnmarshalJSON(text []byte) error {
	var number json.Number
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if text[0] == '"' {
		return json.Unmarshal(text, (*string)(id))
	}
	if err := decoder.Decode(&number); err != nil || number == "" {
		return errors.New("an id is neither text nor a number")
	}
	*id = censusID(number)
	return nil
}

type censusMe struct {
	ID     censusID `json:"id"`
	Email  string   `json:"email"`
	Active *bool    `json:"is_active"`
}

// UnmarshalJSON refuses an answer without the required members.
func (m *censusMe) UnmarshalJSON(text []byte) error {
	type plain censusMe
	if err := json.Unmarshal(text, (*plain)(m)); err != nil {
		return err
	}
	if m.ID == "" || m.Active == nil {
		return errors.New(`"id" or "is_active" is missing`)
	}
	return nil
}

// me returns the user of a token.
func (c *CensusClient) me(ctx context.Context, token string) (CensusUser, error) {
	var me censusMe
	status, err := c.call(ctx, token, question{method: http.MethodGet, path: []string{"users", "me"}, into: &me})
	switch {
	case err != nil:
		return CensusUser{}, err
	case status != http.StatusOK:
		return CensusUser{}, unauthorized(nil, "The token is not valid.")
	case !*me.Active:
		return CensusUser{}, model.NewError(model.CodeForbidden, "Your account is not active. Ask an administrator.")
	}
	return CensusUser{ID: string(me.ID), Email: me.Email}, nil
}

// rights is the access that Census grants to a user.
type rights struct {
	tenants []string // sorted
	admin   bool
}

// rights requests the subtenants and groups of a user concurrently.
func (c *CensusClient) rights(ctx context.Context, token, userID string) (*rights, error) {
	var found rights
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		found.tenants, err = c.Subtenants(ctx, token, userID)
		return err
	})
	group.Go(func() error {
		var groups []struct {
			Name   string `json:"group_name"`
			Active bool   `json:"active"`
		}
		status, err := c.call(ctx, token, question{method: http.MethodGet, path: []string{"users", userID, "groups"}, into: &groups})
		if err != nil {
			return err
		}
		if status == http.StatusForbidden {
			return unauthorized(nil, "The token is not valid.")
		}
		for _, group := range groups {
			found.admin = found.admin || group.Active && group.Name == AdminGroup
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return &found, nil
}

// Subtenants returns the subtenants that a user has access to, sorted. A user
// unknown to Census has none.
func (c *CensusClient) Subtenants(ctx context.Context, token, userID string) ([]string, error) {
	var grants []struct {
		Service   string `json:"service"`
		Subtenant string `json:"subtenant_id"`
		Active    bool   `json:"active"`
	}
	status, err := c.call(ctx, token, question{
		method: http.MethodGet, path: []string{"users", userID, "service-access"}, query: "active_only=true", into: &grants,
	})
	if err != nil {
		return nil, err
	}
	if status == http.StatusForbidden {
		return nil, unauthorized(nil, "The token is not valid.")
	}
	var tenants []string
	for _, grant := range grants {
		if grant.Active && grant.Service == censusService && subtenantID.MatchString(grant.Subtenant) {
			tenants = append(tenants, grant.Subtenant)
		}
	}
	slices.Sort(tenants)
	return slices.Compact(tenants), nil
}

// FindUser finds a user by e-mail address, ignoring case. token is that of an
// administrator, here and in the methods below.
func (c *CensusClient) FindUser(ctx context.Context, token, email string) (CensusUser, error) {
	users, err := c.users(ctx, token)
	if err != nil {
		return CensusUser{}, err
	}
	for _, user := range users {
		if strings.EqualFold(user.Email, email) {
			return user, nil
		}
	}
	return CensusUser{}, model.NewError(model.CodeNotFound, "Census has no user with the e-mail address %s.", email)
}

func (c *CensusClient) users(ctx context.Context, token string) ([]CensusUser, error) {
	var listed []struct {
		ID    censusID `json:"id"`
		Email string   `json:"email"`
	}
	status, err := c.call(ctx, token, question{method: http.MethodGet, path: []string{"users"}, into: &listed})
	if err := refusedBy(status, err); err != nil {
		return nil, err
	}
	users := make([]CensusUser, len(listed))
	for i, user := range listed {
		users[i] = CensusUser{ID: string(user.ID), Email: user.Email}
	}
	return users, nil
}

// Grant grants a user access to a subtenant; repeating it is no error. grantedBy
// is the id of the administrator.
func (c *CensusClient) Grant(ctx context.Context, token, userID, tenant, grantedBy string) error {
	status, err := c.call(ctx, token, question{
		method: http.MethodPost, path: []string{"users", userID, "service-access"},
		body: map[string]string{"service": censusService, "subtenant_id": tenant, "granted_by": grantedBy},
	})
	if status == http.StatusNotFound {
		return model.NewError(model.CodeNotFound, "Census no longer has that user.")
	}
	return refusedBy(status, err)
}

// Revoke revokes a user's access to a subtenant; a user without access is no
// error.
func (c *CensusClient) Revoke(ctx context.Context, token, userID, tenant string) error {
	status, err := c.call(ctx, token, question{
		method: http.MethodDelete, path: []string{"users", userID, "service-access", censusService, tenant},
	})
	return refusedBy(status, err)
}

// RevokeAll revokes the access of all users to a subtenant. Census has no list by
// subtenant, so each user is requested, a few at a time.
func (c *CensusClient) RevokeAll(ctx context.Context, token, tenant string) error {
	users, err := c.users(ctx, token)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, user := range users {
		group.Go(func() error {
			tenants, err := c.Subtenants(ctx, token, user.ID)
			if err != nil || !slices.Contains(tenants, tenant) {
				return err
			}
			return c.Revoke(ctx, token, user.ID, tenant)
		})
	}
	return group.Wait()
}

// refusedBy is the error for the status of an administrative call, or nil.
func refusedBy(status int, err error) error {
	if err == nil && status == http.StatusForbidden {
		return model.NewError(model.CodeForbidden, "Census does not allow you to do that.")
	}
	return err
}
