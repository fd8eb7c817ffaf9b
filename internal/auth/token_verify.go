package auth

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"maestro/internal/model"
)

// leeway is how far the clock of the issuer may differ.
const leeway = 30 * time.Second

var subtenantID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Local verifies HS256 tokens with a local secret: the mode local JWT and, with
// DevelopmentKey as the secret, the mode development.
type Local struct {
	secret []byte
	parser *jwt.Parser   // checks the signature, exp, nbf, aud
	signed *jwt.Parser   // checks the signature alone
	census *CensusClient // provides the access that a token does not state; nil: not used
	kept   answers
}

var _ Authenticator = (*Local)(nil)

// NewLocal makes a verifier. It requires the audience, unless it is empty.
func NewLocal(secret []byte, audience string) (*Local, error) {
	if len(secret) < MinSecretBytes {
		return nil, fmt.Errorf("the secret that signs tokens has %d bytes; it must have %d or more", len(secret), MinSecretBytes)
	}
	method := jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()})
	options := []jwt.ParserOption{method, jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding()}
	if audience != "" {
		options = append(options, jwt.WithAudience(audience))
	}
	return &Local{
		secret: slices.Clone(secret),
		parser: jwt.NewParser(options...),
		signed: jwt.NewParser(method, jwt.WithoutClaimsValidation()),
	}, nil
}

// AskCensus makes l request the subtenants and groups that a token does not
// state. It must be called before the first Authenticate.
func (l *Local) AskCensus(client *CensusClient) { l.census = client }

// Authenticate implements Authenticator.
func (l *Local) Authenticate(ctx context.Context, token string) (*Principal, error) {
	if len(token) > maxTokenBytes {
		return nil, unauthorized(nil, "The token is too long.")
	}
	key := hashOf(token)
	p, generation := l.kept.cache.get(key, time.Now())
	if p != nil {
		return p, nil
	}
	var c claims
	parsed, err := l.parser.ParseWithClaims(token, &c, l.key)
	if err == nil {
		err = checkForm(token, parsed)
	}
	if err != nil {
		return nil, refusal(err)
	}
	if c.IssuedAt != nil && time.Until(c.IssuedAt.Time) > skew {
		return nil, refusal(jwt.ErrTokenUsedBeforeIssued)
	}
	if c.Subject == "" || c.Email == "" {
		return nil, unauthorized(nil, `The token lacks one of the claims "sub" and "email".`)
	}
	expiry := c.ExpiresAt.Add(leeway)
	if l.census != nil && (c.Groups == nil || c.Subtenant == nil || *c.Subtenant == "") {
		return l.kept.ask(ctx, key, generation, expiry, func(ctx context.Context) (*Principal, error) {
			rights, err := l.census.rights(ctx, token, c.Subject)
			if err != nil {
				return nil, err
			}
			return principalOf(&c, rights)
		})
	}
	if p, err = principalOf(&c, nil); err != nil {
		return nil, err
	}
	l.kept.cache.put(key, p, generation, time.Now(), expiry)
	return p, nil
}

// Forget implements Authenticator.
func (l *Local) Forget(subject string) { l.kept.cache.forget(subject) }

// Issued implements Authenticator: a token signed by the local secret.
func (l *Local) Issued(token string) bool {
	if len(token) > maxTokenBytes || strings.Count(token, ".") != 2 {
		return false
	}
	_, err := l.signed.ParseWithClaims(token, &jwt.MapClaims{}, l.key)
	return err == nil
}

func (l *Local) key(*jwt.Token) (any, error) { return l.secret, nil }

// principalOf combines the claims of a token with the rights from Census; told is
// nil without Census. Claims take precedence.
func principalOf(c *claims, told *rights) (*Principal, error) {
	p := &Principal{Subject: c.Subject, Email: c.Email}
	switch {
	case c.Groups != nil:
		p.Admin = slices.Contains(*c.Groups, AdminGroup)
	case told != nil:
		p.Admin = told.admin
	}
	switch {
	case c.Subtenant != nil && *c.Subtenant != "":
		if !subtenantID.MatchString(*c.Subtenant) {
			return nil, model.NewError(model.CodeForbidden, `The token's claim "subtenant_id" is not the id of a subtenant.`)
		}
		p.Tenants, p.Fixed = []string{*c.Subtenant}, true
	case told != nil:
		p.Tenants = told.tenants
	}
	if len(p.Tenants) == 0 && !p.Admin {
		return nil, noSubtenant()
	}
	return p, nil
}

func noSubtenant() *model.Error {
	return model.NewError(model.CodeForbidden, "You have access to no subtenant; ask an administrator for access.")
}

// refusal is the error for a refused token. It contains no part of the token.
func refusal(err error) *model.Error {
	var claim *claimError
	switch {
	case errors.As(err, &claim):
		return unauthorized(err, claim.Error())
	case errors.Is(err, jwt.ErrTokenExpired):
		return unauthorized(err, "The token has expired. Get a new one.")
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return unauthorized(err, "The token is not valid yet.")
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return unauthorized(err, "The token was issued for another audience.")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return unauthorized(err, `The token lacks the claim "exp", or the claim "aud" that this server requires.`)
	default:
		return unauthorized(err, "The token is not valid.")
	}
}
