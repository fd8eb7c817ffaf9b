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

// leeway is how far the issuer's clock may be from ours.
const leeway = 30 * time.Second

var subtenantID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Local verifies HS256 tokens with a secret that it has itself: the mode
// local JWT and, with DevelopmentKey as the secret, the mode development.
type Local struct {
	secret []byte
	parser *jwt.Parser // checks the signature, exp, nbf, aud
	signed *jwt.Parser // checks the signature alone
	cache  cache
}

var _ Authenticator = (*Local)(nil)

// NewLocal makes a verifier. audience is demanded of each token when it is not
// empty.
func NewLocal(secret []byte, audience string) (*Local, error) {
	if len(secret) < MinSecretBytes {
		return nil, fmt.Errorf("the secret that signs tokens has %d bytes, it needs %d or more", len(secret), MinSecretBytes)
	}
	method := jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()})
	options := []jwt.ParserOption{method, jwt.WithExpirationRequired(), jwt.WithLeeway(leeway)}
	if audience != "" {
		options = append(options, jwt.WithAudience(audience))
	}
	return &Local{
		secret: slices.Clone(secret),
		parser: jwt.NewParser(options...),
		signed: jwt.NewParser(method, jwt.WithoutClaimsValidation()),
	}, nil
}

// Authenticate implements Authenticator.
func (l *Local) Authenticate(_ context.Context, token string) (*Principal, error) {
	if len(token) > maxTokenBytes {
		return nil, unauthorized(nil, "The token is too long.")
	}
	key := hashOf(token)
	now := time.Now()
	if p := l.cache.get(key, now); p != nil {
		return p, nil
	}
	var c claims
	if _, err := l.parser.ParseWithClaims(token, &c, l.key); err != nil {
		return nil, refusal(err)
	}
	p, err := principalOf(&c)
	if err != nil {
		return nil, err
	}
	l.cache.put(key, p, now, c.ExpiresAt.Add(leeway))
	return p, nil
}

// Issued implements Authenticator: one of ours is one that our secret signed.
func (l *Local) Issued(token string) bool {
	if len(token) > maxTokenBytes || strings.Count(token, ".") != 2 {
		return false
	}
	_, err := l.signed.ParseWithClaims(token, &jwt.MapClaims{}, l.key)
	return err == nil
}

func (l *Local) key(*jwt.Token) (any, error) { return l.secret, nil }

func principalOf(c *claims) (*Principal, error) {
	if c.Subject == "" || c.Email == "" {
		return nil, unauthorized(nil, `The token lacks one of the claims "sub" and "email".`)
	}
	p := &Principal{Subject: c.Subject, Email: c.Email}
	if c.Groups != nil {
		p.Admin = slices.Contains(*c.Groups, AdminGroup)
	}
	if c.Subtenant != nil && *c.Subtenant != "" {
		if !subtenantID.MatchString(*c.Subtenant) {
			return nil, model.NewError(model.CodeForbidden, `The token's claim "subtenant_id" is not the id of a subtenant.`)
		}
		p.Tenants, p.Fixed = []string{*c.Subtenant}, true
	}
	if len(p.Tenants) == 0 && !p.Admin {
		return nil, model.NewError(model.CodeForbidden,
			"Your token names no subtenant; ask an administrator to grant you access to one.")
	}
	return p, nil
}

// refusal says in words why a token was refused, without a word of the token.
func refusal(err error) *model.Error {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return unauthorized(err, "The token has expired; get a new one.")
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return unauthorized(err, "The token is not valid yet.")
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return unauthorized(err, "The token was made for another audience.")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return unauthorized(err, `The token lacks the claim "exp", or "aud" where that is demanded.`)
	default:
		return unauthorized(err, "The token is not valid.")
	}
}
