package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/auth"
	"maestro/internal/config"
)

func TestTokenIsOneThatTheServerTakes(t *testing.T) {
	t.Parallel()
	local := &config.Config{CensusJWTSecret: jwtSecret, CensusJWTAudience: "maestro"}
	token, err := signToken(local, auth.Grant{Email: "ada@example.com", Tenant: "acme", TTL: time.Hour, Audience: local.CensusJWTAudience})
	require.NoError(t, err)
	verifier, err := auth.NewLocal([]byte(jwtSecret), "maestro")
	require.NoError(t, err)
	principal, err := verifier.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.True(t, principal.Belongs("acme"))
	require.False(t, principal.Belongs("other"))

	_, err = signToken(local, auth.Grant{Email: "ada@example.com", TTL: time.Hour})
	require.ErrorContains(t, err, "--subtenant is missing")
	_, err = signToken(&config.Config{CensusAPIURL: "https://census.example.com"}, auth.Grant{Email: "a@b", TTL: time.Hour})
	require.ErrorContains(t, err, "Census signs the tokens")
}

func TestTokenOfDevelopmentModeIsForTheDefaultSubtenant(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{DataDir: t.TempDir()}
	token, err := signToken(cfg, auth.Grant{Email: "ada@example.com", TTL: time.Hour})
	require.NoError(t, err)
	key, err := auth.DevelopmentKey([]byte(cfg.SecretKey))
	require.NoError(t, err)
	verifier, err := auth.NewLocal(key, "")
	require.NoError(t, err)
	principal, err := verifier.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.True(t, principal.Belongs(developmentTenant))
}
