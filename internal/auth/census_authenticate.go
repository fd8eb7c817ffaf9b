package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"maestro/internal/model"
)

// Census authenticates callers by the service of that name, in the mode in which
// the server has no secret to verify tokens. Principals are cached for cacheFor;
// refusals and failures are not.
type Census struct {
	client *CensusClient
	kept   answers

	mu      sync.Mutex
	refused map[tokenHash]struct{} // guarded by mu: tokens that Census has refused
}

var _ Authenticator = (*Census)(nil)

// NewCensus makes an authenticator that uses client.
func NewCensus(client *CensusClient) *Census {
	return &Census{client: client, refused: map[tokenHash]struct{}{}}
}

// Authenticate implements Authenticator.
func (c *Census) Authenticate(ctx context.Context, token string) (*Principal, error) {
	if len(token) > maxTokenBytes || !printable(token) {
		return nil, unauthorized(nil, "The token is not valid.")
	}
	key := hashOf(token)
	p, generation := c.kept.cache.get(key, time.Now())
	if p != nil {
		return p, nil
	}
	expiry, fixed := c.read(token)
	p, err := c.kept.ask(ctx, key, generation, expiry, func(ctx context.Context) (*Principal, error) {
		return c.ask(ctx, token, fixed)
	})
	c.remember(key, err)
	return p, err
}

func (c *Census) ask(ctx context.Context, token string, fixed string) (*Principal, error) {
	user, err := c.client.me(ctx, token)
	if err != nil {
		return nil, err
	}
	told, err := c.client.rights(ctx, token, user.ID)
	if err != nil {
		return nil, err
	}
	p := &Principal{Subject: user.ID, Email: user.Email, Admin: told.admin, Tenants: told.tenants}
	switch {
	case len(told.tenants) == 0 && !told.admin:
		return nil, noSubtenant()
	case fixed == "":
		return p, nil
	case slices.Contains(told.tenants, fixed) || told.admin && subtenantID.MatchString(fixed):
		p.Tenants, p.Fixed = []string{fixed}, true
		return p, nil
	default:
		return nil, model.NewError(model.CodeForbidden, `You have no access to the subtenant in the claim "subtenant_id" of your token.`)
	}
}

// read reads two claims without verifying them: the expiry (zero: unknown) and
// the subtenant. Census verifies the token, and the claims only narrow the access
// that Census grants. A token of another kind has no claims.
func (c *Census) read(token string) (expiry time.Time, tenant string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, ""
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var said map[string]json.RawMessage // one by one, because the others may have any form
	if err != nil || json.Unmarshal(text, &said) != nil {
		return time.Time{}, ""
	}
	var seconds jwt.NumericDate
	if raw, there := said["exp"]; there && json.Unmarshal(raw, &seconds) == nil {
		expiry = seconds.Time
	}
	_ = json.Unmarshal(said["subtenant_id"], &tenant) // no text: no claim
	return expiry, tenant
}

// Issued implements Authenticator. Only Census can verify its tokens, so each one
// counts that it has not just refused: withholding a third party's token from a
// function is safer than passing on one of ours while Census is unavailable.
func (c *Census) Issued(token string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, refused := c.refused[hashOf(token)]
	return !refused
}

// Forget implements Authenticator.
func (c *Census) Forget(subject string) { c.kept.cache.forget(subject) }

// remember notes the outcome of a token for Issued.
func (c *Census) remember(key tokenHash, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if model.CodeOf(err) != model.CodeUnauthorized {
		delete(c.refused, key)
		return
	}
	if len(c.refused) >= cacheSize {
		clear(c.refused)
	}
	c.refused[key] = struct{}{}
}

// printable reports whether a header may contain the token.
func printable(token string) bool {
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return false
		}
	}
	return token != ""
}
