package auth_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/auth"
	"maestro/internal/model"
)

var secret = []byte("a secret of thirty-two bytes or more")

func verifier(t *testing.T, audience string) *auth.Local {
	t.Helper()
	local, err := auth.NewLocal(secret, audience)
	require.NoError(t, err)
	return local
}

func sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	require.NoError(t, err)
	return token
}

// good returns claims that are accepted, changed by the pairs of name and
// value; nil removes one.
func good(pairs ...any) jwt.MapClaims {
	claims := jwt.MapClaims{
		"sub": "u1", "email": "a@example.com", "exp": time.Now().Add(time.Hour).Unix(), "subtenant_id": "company-a",
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(claims, pairs[i].(string))
		} else {
			claims[pairs[i].(string)] = pairs[i+1]
		}
	}
	return claims
}

// encoded signs a header and claims, good ones when they are empty, as they are
// written.
func encoded(header, content string) string {
	if content == "" {
		content = fmt.Sprintf(`{"sub":"u1","email":"a@example.com","subtenant_id":"company-a","exp":%d}`, time.Now().Add(time.Hour).Unix())
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(content))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// respelt changes bits of the last character that stand for no byte: a lenient
// decoder reads the same signature.
func respelt(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	other := []byte(strings.Repeat("x", 32))
	for _, test := range []struct {
		name  string
		token string
		code  model.Code // empty: accepted
	}{
		{"good", sign(t, jwt.SigningMethodHS256, secret, good()), ""},
		{"admin without a subtenant", sign(t, jwt.SigningMethodHS256, secret, good("subtenant_id", nil, "groups", []string{"Admins"})), ""},
		{"clock a little behind", sign(t, jwt.SigningMethodHS256, secret, good("exp", time.Now().Add(-10*time.Second).Unix())), ""},
		{"expired", sign(t, jwt.SigningMethodHS256, secret, good("exp", time.Now().Add(-hour).Unix())), model.CodeUnauthorized},
		{"not yet", sign(t, jwt.SigningMethodHS256, secret, good("nbf", time.Now().Add(hour).Unix())), model.CodeUnauthorized},
		{"no exp", sign(t, jwt.SigningMethodHS256, secret, good("exp", nil)), model.CodeUnauthorized},
		{"no sub", sign(t, jwt.SigningMethodHS256, secret, good("sub", nil)), model.CodeUnauthorized},
		{"no email", sign(t, jwt.SigningMethodHS256, secret, good("email", nil)), model.CodeUnauthorized},
		{"email of a wrong type", sign(t, jwt.SigningMethodHS256, secret, good("email", 7)), model.CodeUnauthorized},
		{"another secret", sign(t, jwt.SigningMethodHS256, other, good()), model.CodeUnauthorized},
		{"HS384", sign(t, jwt.SigningMethodHS384, secret, good()), model.CodeUnauthorized},
		{"none", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()), model.CodeUnauthorized},
		{"RS256", sign(t, jwt.SigningMethodRS256, private, good()), model.CodeUnauthorized},
		{"exp as text", sign(t, jwt.SigningMethodHS256, secret, good("exp", "99999999999")), model.CodeUnauthorized},
		{"exp without a value", encoded(`{"alg":"HS256"}`, `{"sub":"u","email":"e","subtenant_id":"a","exp":null}`), model.CodeUnauthorized},
		{"exp beyond all times", sign(t, jwt.SigningMethodHS256, secret, good("exp", 1e300)), model.CodeUnauthorized},
		{"exp in another case", sign(t, jwt.SigningMethodHS256, secret, good("exp", nil, "EXP", time.Now().Add(hour).Unix())), model.CodeUnauthorized},
		{"exp with a fraction", sign(t, jwt.SigningMethodHS256, secret, good("exp", float64(time.Now().Add(hour).Unix())+0.5)), ""},
		{"iat as text", sign(t, jwt.SigningMethodHS256, secret, good("iat", "1")), model.CodeUnauthorized},
		{"iat a little ahead", sign(t, jwt.SigningMethodHS256, secret, good("iat", time.Now().Add(50*time.Second).Unix())), ""},
		{"iat in the future", sign(t, jwt.SigningMethodHS256, secret, good("iat", time.Now().Add(2*time.Minute).Unix())), model.CodeUnauthorized},
		{"nbf as text", sign(t, jwt.SigningMethodHS256, secret, good("nbf", "1")), model.CodeUnauthorized},
		{"crit", encoded(`{"alg":"HS256","crit":["exp"]}`, ""), model.CodeUnauthorized},
		{"an empty crit", encoded(`{"alg":"HS256","crit":[]}`, ""), model.CodeUnauthorized},
		{"an unknown crit", encoded(`{"alg":"HS256","crit":["b64"],"b64":false}`, ""), model.CodeUnauthorized},
		{"alg in another case", encoded(`{"alg":"hs256"}`, ""), model.CodeUnauthorized},
		{"no alg", encoded(`{"typ":"JWT"}`, ""), model.CodeUnauthorized},
		{"made by hand", encoded(`{"alg":"HS256"}`, ""), ""},
		{"padded", encoded(`{"alg":"HS256"}`, "") + "=", model.CodeUnauthorized},
		{"another spelling of the last bits", respelt(encoded(`{"alg":"HS256"}`, "")), model.CodeUnauthorized},
		{"a line end in it", encoded(`{"alg":"HS256"}`, "") + "\n", model.CodeUnauthorized},
		{"no subtenant", sign(t, jwt.SigningMethodHS256, secret, good("subtenant_id", nil)), model.CodeForbidden},
		{"groups without Admins", sign(t, jwt.SigningMethodHS256, secret, good("subtenant_id", nil, "groups", []string{"admins"})), model.CodeForbidden},
		{"a subtenant that is no id", sign(t, jwt.SigningMethodHS256, secret, good("subtenant_id", "Not An Id")), model.CodeForbidden},
		{"no token at all", "abc", model.CodeUnauthorized},
		{"endless", strings.Repeat("a", 1<<20), model.CodeUnauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			local := verifier(t, "")
			for range 2 { // the second time from the cache
				p, err := local.Authenticate(t.Context(), test.token)
				if test.code == "" {
					require.NoError(t, err)
					require.Equal(t, "a@example.com", p.Email)
					continue
				}
				require.Equal(t, test.code, model.CodeOf(err), "%v", err)
				require.NotContains(t, err.(*model.Error).Detail, test.token)
			}
		})
	}
}

func TestAudienceIsCheckedWhenSet(t *testing.T) {
	t.Parallel()
	token := sign(t, jwt.SigningMethodHS256, secret, good("aud", "maestro"))
	for audience, accepted := range map[string]bool{"": true, "maestro": true, "other": false} {
		_, err := verifier(t, audience).Authenticate(t.Context(), token)
		require.Equal(t, accepted, err == nil, "audience %q: %v", audience, err)
	}
	_, err := verifier(t, "maestro").Authenticate(t.Context(), sign(t, jwt.SigningMethodHS256, secret, good()))
	require.Error(t, err)
}

func TestIssuedRecognizesExpiredTokens(t *testing.T) {
	t.Parallel()
	local := verifier(t, "maestro")
	expired := sign(t, jwt.SigningMethodHS256, secret, good("exp", int64(1000)))
	require.True(t, local.Issued(expired))
	require.True(t, local.Issued(sign(t, jwt.SigningMethodHS256, secret, good("sub", nil))))
	require.False(t, local.Issued(sign(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), good())))
	require.False(t, local.Issued("ghp_somebodyelses"))
}

func TestMintedTokensAreAccepted(t *testing.T) {
	t.Parallel()
	key, err := auth.DevelopmentKey([]byte("any secret key"))
	require.NoError(t, err)
	local, err := auth.NewLocal(key, "maestro")
	require.NoError(t, err)
	token, err := auth.Mint(key, auth.Grant{Email: "a@example.com", Tenant: "default", Admin: true, Audience: "maestro", TTL: time.Minute})
	require.NoError(t, err)
	p, err := local.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, &auth.Principal{
		Subject: "a@example.com", Email: "a@example.com", Admin: true, Tenants: []string{"default"}, Fixed: true,
	}, p)

	again, err := auth.DevelopmentKey([]byte("any secret key"))
	require.NoError(t, err)
	require.Equal(t, key, again)
	other, err := auth.DevelopmentKey([]byte("another secret key"))
	require.NoError(t, err)
	require.NotEqual(t, key, other)
}

func TestShortSecretsAreRefused(t *testing.T) {
	t.Parallel()
	_, err := auth.NewLocal([]byte("short"), "")
	require.ErrorContains(t, err, "32")
	_, err = auth.Mint([]byte("short"), auth.Grant{Email: "a@example.com", TTL: time.Minute})
	require.ErrorContains(t, err, "32")
}

func TestAnExpiredTokenLeavesTheCache(t *testing.T) {
	t.Parallel()
	local := verifier(t, "")
	// Within the leeway, so it is accepted and cached until the leeway is over.
	token := sign(t, jwt.SigningMethodHS256, secret, good("exp", time.Now().Add(-29*time.Second).Unix()))
	_, err := local.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := local.Authenticate(t.Context(), token)
		return err != nil
	}, 10*time.Second, 50*time.Millisecond)
}

func BenchmarkAuthenticate(b *testing.B) {
	local, err := auth.NewLocal(secret, "")
	require.NoError(b, err)
	token, err := auth.Mint(secret, auth.Grant{Email: "a@example.com", Tenant: "default", TTL: time.Hour})
	require.NoError(b, err)
	b.Run("cached", func(b *testing.B) {
		for b.Loop() {
			_, _ = local.Authenticate(b.Context(), token)
		}
	})
	b.Run("verified", func(b *testing.B) {
		for b.Loop() {
			_ = local.Issued(token)
		}
	})
}
