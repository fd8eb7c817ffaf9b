package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"maestro/internal/auth"
	"maestro/internal/config"
)

func (a *app) tokenCommand() *cobra.Command {
	var grant auth.Grant
	cmd := &cobra.Command{
		Use:   "token [--email E] [--subtenant S] [--admin] [--ttl 1h]",
		Short: "print a signed token",
		Long: `Prints a token for the API, signed as the server of these settings demands: with
CENSUS_JWT_SECRET, or in development mode with the key of the data folder.`,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			if grant.TTL < time.Second {
				return usageError("--ttl must be a second or more")
			}
			grant.Audience = cfg.CensusJWTAudience
			token, err := signToken(cfg, grant)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.stdout, token)
			return err
		},
	}
	cmd.Flags().StringVar(&grant.Email, "email", "developer@localhost", "the e-mail `address` of its owner")
	cmd.Flags().StringVar(&grant.Tenant, "subtenant", "", "the `id` of the subtenant it is good for (in development mode: default)")
	cmd.Flags().BoolVar(&grant.Admin, "admin", false, "a token of an administrator")
	cmd.Flags().DurationVar(&grant.TTL, "ttl", time.Hour, "how long it lasts, a `time` such as 30m or 12h")
	return cmd
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
