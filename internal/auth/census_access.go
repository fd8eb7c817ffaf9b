package auth

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// askedAtOnce is how many users Census is asked about at a time.
const askedAtOnce = 8

// UsersOf returns users with access to a subtenant by e-mail address, at most limit of
// those behind after, of which the zero value is before all. more says that there may be
// further ones. Census has no list by subtenant, so each user is requested, a few at a
// time, until there are enough.
func (c *CensusClient) UsersOf(ctx context.Context, token, tenant string, after CensusUser, limit int) (found []CensusUser, more bool, err error) {
	users, err := c.users(ctx, token)
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(users, byEmail)
	first, exact := slices.BinarySearchFunc(users, after, byEmail)
	if exact {
		first++
	}
	for users = users[first:]; len(users) > 0; {
		part := users[:min(askedAtOnce, len(users))]
		has := make([]bool, len(part))
		group, ctx := errgroup.WithContext(ctx)
		for i := range part {
			group.Go(func() error {
				tenants, err := c.Subtenants(ctx, token, part[i].ID)
				has[i] = slices.Contains(tenants, tenant)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return nil, false, err
		}
		for i, user := range part {
			if has[i] && len(found) == limit {
				return found, true, nil
			}
			if has[i] {
				found = append(found, user)
			}
		}
		users = users[len(part):]
	}
	return found, false, nil
}

// byEmail is the order of users; addresses that differ in case alone are ordered by id.
func byEmail(a, b CensusUser) int {
	return cmp.Or(strings.Compare(strings.ToLower(a.Email), strings.ToLower(b.Email)), strings.Compare(a.ID, b.ID))
}
