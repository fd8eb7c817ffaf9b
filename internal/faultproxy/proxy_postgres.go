package faultproxy

import (
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres creates a proxy in front of the PostgreSQL server at a URL, and returns
// the URL of the proxy.
func Postgres(through string) (*Proxy, string, error) {
	config, err := pgconn.ParseConfig(through)
	if err != nil {
		return nil, "", fmt.Errorf("read the URL of the server behind a proxy: %w", err)
	}
	p, err := New(pgconn.NetworkAddress(config.Host, config.Port))
	if err != nil {
		return nil, "", err
	}
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Host: p.Addr(), Path: config.Database, RawQuery: "sslmode=disable",
	}
	return p, address.String(), nil
}
