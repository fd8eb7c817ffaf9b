package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"maestro/internal/auth"
	"maestro/internal/config"
)

var tokenCommand = subcommand{
	name:    "token",
	args:    "[--email E] [--subtenant S] [--admin] [--ttl 1h]",
	summary: "print a signed token",
	help: `Prints a token for the API, signed as the server of these settings wants it: with
CENSUS_JWT_SECRET, or in development mode with the key of the data folder.`,
	prepare: func(options *flag.FlagSet) action {
		email := options.String("email", "developer@localhost", "the e-mail `address` of whoever it is for (developer@localhost)")
		subtenant := options.String("subtenant", "", "the `id` of the subtenant it is good for (in development mode: default)")
		admin := options.Bool("admin", false, "make it an administrator's")
		ttl := options.Duration("ttl", time.Hour, "how long it lasts, a `time` such as 30m or 12h (1h)")
		return func(_ context.Context, con console) error {
			cfg, err := settings(con)
			if err != nil {
				return err
			}
			if *ttl < time.Second {
				return usageError("--ttl must be a second or more")
			}
			token, err := signToken(cfg, auth.Grant{
				Email: *email, Tenant: *subtenant, Admin: *admin, TTL: *ttl, Audience: cfg.CensusJWTAudience,
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(con.stdout, token)
			return err
		}
	},
}

func signToken(cfg *config.Config, grant auth.Grant) (string, error) {
	switch cfg.AuthMode() {
	case config.AuthLocalJWT:
		if grant.Tenant == "" && !grant.Admin {
			return "", usageError("--subtenant is missing: without one the token would be refused")
		}
		return auth.Mint([]byte(cfg.CensusJWTSecret), grant)
	case config.AuthDevelopment:
		if err := cfg.Prepare(); err != nil {
			return "", err
		}
		key, err := auth.DevelopmentKey([]byte(cfg.SecretKey))
		if err != nil {
			return "", err
		}
		grant.Tenant = cmp.Or(grant.Tenant, developmentTenant)
		return auth.Mint(key, grant)
	default:
		return "", errors.New("with CENSUS_API_URL alone Census signs the tokens: ask there")
	}
}
