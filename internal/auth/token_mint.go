package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// AdminGroup is the group whose members are administrators.
const AdminGroup = "Admins"

// MinSecretBytes is the shortest secret that may sign tokens.
const MinSecretBytes = 32

// Grant is what a minted token says of its bearer.
type Grant struct {
	Subject  string // default: the e-mail address
	Email    string
	Tenant   string // empty: the token names none
	Admin    bool
	Audience string        // empty: none
	TTL      time.Duration // of the token
	Now      time.Time     // zero: the present
}

// Mint signs a token with HS256. secret is what the verifying server has: the
// one of CENSUS_JWT_SECRET, or DevelopmentKey.
func Mint(secret []byte, grant Grant) (string, error) {
	if len(secret) < MinSecretBytes {
		return "", fmt.Errorf("mint a token: the secret has fewer than %d bytes", MinSecretBytes)
	}
	if grant.Email == "" || grant.TTL <= 0 {
		return "", errors.New("mint a token: it needs an e-mail address and a time to live")
	}
	now := grant.Now
	if now.IsZero() {
		now = time.Now()
	}
	subject := grant.Subject
	if subject == "" {
		subject = grant.Email
	}
	groups := []string{}
	if grant.Admin {
		groups = append(groups, AdminGroup)
	}
	content := claims{Email: grant.Email, Groups: &groups, RegisteredClaims: jwt.RegisteredClaims{
		Subject:   subject,
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(grant.TTL)),
	}}
	if grant.Tenant != "" {
		content.Subtenant = &grant.Tenant
	}
	if grant.Audience != "" {
		content.Audience = jwt.ClaimStrings{grant.Audience}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, content).SignedString(secret)
	if err != nil {
		return "", fmt.Errorf("mint a token: %w", err)
	}
	return token, nil
}

// DevelopmentKey derives the key that signs the tokens of development mode
// from the server's SECRET_KEY. Other uses of SECRET_KEY have other labels.
func DevelopmentKey(secretKey []byte) ([]byte, error) {
	if len(secretKey) == 0 {
		return nil, errors.New("derive the token key: SECRET_KEY is empty")
	}
	key, err := hkdf.Key(sha256.New, secretKey, nil, "maestro development tokens v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the token key: %w", err)
	}
	return key, nil
}
