package main

import (
	"log/slog"
	"net"
	"time"

	"maestro/internal/auth"
	"maestro/internal/config"
)

// startAuth makes what checks callers' tokens, in one of the three modes, and
// the client of Census where there is one.
func (p *parts) startAuth() (err error) {
	if p.cfg.CensusAPIURL != "" {
		if p.census, err = auth.NewCensusClient(p.cfg.CensusAPIURL, 0); err != nil {
			return err
		}
		p.stops.Push("census", 0, closing(p.census.Close))
	}
	switch p.cfg.AuthMode() {
	case config.AuthCensus:
		p.auth = auth.NewCensus(p.census)
		return nil
	case config.AuthLocalJWT:
		local, err := auth.NewLocal([]byte(p.cfg.CensusJWTSecret), p.cfg.CensusJWTAudience)
		if err != nil {
			return err
		}
		if p.census != nil {
			local.AskCensus(p.census)
		}
		p.auth = local
		return nil
	default:
		p.auth, err = p.developmentAuth()
		return err
	}
}

// developmentAuth also makes the administrator's token, when there is none.
func (p *parts) developmentAuth() (auth.Authenticator, error) {
	if !onLoopback(p.cfg.Host) {
		p.log.Warn("development mode on an address that other machines may reach: set CENSUS_JWT_SECRET, or HOST=127.0.0.1", slog.String("host", p.cfg.Host))
	}
	key, err := auth.DevelopmentKey([]byte(p.cfg.SecretKey))
	if err != nil {
		return nil, err
	}
	token, made, err := p.cfg.AdminToken(func() (string, error) {
		return auth.Mint(key, auth.Grant{Email: "admin@localhost", Tenant: developmentTenant, Admin: true, TTL: 10 * 365 * 24 * time.Hour})
	})
	if err != nil {
		return nil, err
	}
	if made {
		p.newToken = token
	}
	if onLoopback(p.cfg.Host) {
		p.token = token
	}
	return auth.NewLocal(key, "")
}

// onLoopback reports whether no other machine reaches a server on host.
func onLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
