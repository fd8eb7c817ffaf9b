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

// censusService is the name that Census knows this service by.
const censusService = "maestro"

// CensusUser is a user of Census.
type CensusUser struct {
	ID    string
	Email string
}

// censusID is an id: text, or a number in a Census that counts its users.
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

// UnmarshalJSON refuses an answer that leaves out what counts.
func (m *censusMe) UnmarshalJSON(text []byte) error {
	type plain censusMe
	if err := json.Unmarshal(text, (*plain)(m)); err != nil {
		return err
	}
	if m.ID == "" || m.Active == nil {
		return errors.New(`"id" or "is_active" is not there`)
	}
	return nil
}

// me returns who a token's bearer is.
func (c *CensusClient) me(ctx context.Context, token string) (CensusUser, error) {
	var me censusMe
	status, err := c.call(ctx, token, question{method: http.MethodGet, path: []string{"users", "me"}, into: &me})
	switch {
	case err != nil:
		return CensusUser{}, err
	case status != http.StatusOK:
		return CensusUser{}, unauthorized(nil, "The token is not valid.")
	case !*me.Active:
		return CensusUser{}, model.NewError(model.CodeForbidden, "Your account is not active; ask an administrator.")
	}
	return CensusUser{ID: string(me.ID), Email: me.Email}, nil
}

// rights are what Census says a user may do here.
type rights struct {
	tenants []string // sorted
	admin   bool
}

// rights asks for a user's subtenants and groups, both at once.
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
// whom Census does not know has none.
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

// FindUser finds a user by e-mail address, in any case. token is an
// administrator's, here and in what follows.
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
	return CensusUser{}, model.NewError(model.CodeNotFound, "Census knows no user with the e-mail address %s.", email)
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

// Grant gives a user access to a subtenant. One who has it keeps it. grantedBy
// is the administrator's id.
func (c *CensusClient) Grant(ctx context.Context, token, userID, tenant, grantedBy string) error {
	status, err := c.call(ctx, token, question{
		method: http.MethodPost, path: []string{"users", userID, "service-access"},
		body: map[string]string{"service": censusService, "subtenant_id": tenant, "granted_by": grantedBy},
	})
	if status == http.StatusNotFound {
		return model.NewError(model.CodeNotFound, "Census no longer knows that user.")
	}
	return refusedBy(status, err)
}

// Revoke takes a user's access to a subtenant away. One who has none is no
// error.
func (c *CensusClient) Revoke(ctx context.Context, token, userID, tenant string) error {
	status, err := c.call(ctx, token, question{
		method: http.MethodDelete, path: []string{"users", userID, "service-access", censusService, tenant},
	})
	return refusedBy(status, err)
}

// RevokeAll takes everybody's access to a subtenant away. Census has no list
// by subtenant: each user is asked for, a few at a time.
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

// refusedBy says what a usable answer to an administrator's call means.
func refusedBy(status int, err error) error {
	if err == nil && status == http.StatusForbidden {
		return model.NewError(model.CodeForbidden, "Census does not allow you to do that.")
	}
	return err
}
