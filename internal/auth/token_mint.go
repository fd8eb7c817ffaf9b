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

// Grant has the claims of a minted token.
type Grant struct {
	Subject  string // default: the e-mail address
	Email    string
	Tenant   string // empty: the token names none
	Admin    bool
	Audience string        // empty: none
	TTL      time.Duration // of the token
	Now      time.Time     // zero: the current time
}

// Mint signs a token with HS256. secret is the secret of the verifying server:
// CENSUS_JWT_SECRET, or DevelopmentKey.
func Mint(secret []byte, grant Grant) (string, error) {
	if len(secret) < MinSecretBytes {
		return "", fmt.Errorf("mint a token: the secret has fewer than %d bytes", MinSecretBytes)
	}
	if grant.Email == "" || grant.TTL <= 0 {
		return "", errors.New("mint a token: the e-mail address or the time to live is missing")
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
