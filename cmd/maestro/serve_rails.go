package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"

	"maestro/embed"
	"maestro/internal/homes"
	"maestro/repo"
)

// privatePaths hold keys and tokens on the usual machine. A path that does not exist does
// no harm.
var privatePaths = []string{
	"/root", "/home", "/run/secrets", "/var/run/secrets", "/run/credentials", "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-",
	"/etc/sudoers", "/etc/sudoers.d", "/etc/ssl/private", "/etc/ssh", "/etc/kubernetes", "/var/lib/kubelet", "/var/lib/cloud",
}

// makeRails describes what functions may not use.
func (p *parts) makeRails(ctx context.Context) (*embed.Rails, error) {
	var err error
	if p.homes, err = homes.Open(filepath.Join(p.cfg.DataDir, "files"), p.log); err != nil {
		return nil, err
	}
	if err = p.probeConfinement(ctx); err != nil {
		return nil, err
	}
	rails := &embed.Rails{
		DataDir: p.cfg.DataDir, Private: privatePaths, Networks: p.cfg.FunctionNetworkDeny, MaxDisk: p.cfg.MaxFunctionDisk,
		Folder: func(tenant string) (string, string, error) {
			home, err := p.homes.Of(tenant)
			return home.Folder, home.Temporary, err
		},
	}
	if home := os.Getenv("HOME"); home != "" && filepath.Clean(home) != "/" {
		rails.Private = append(rails.Private, home)
	}
	if here, err := os.Getwd(); err == nil {
		rails.Private = append(rails.Private, filepath.Join(here, ".env")) // of the settings
	}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		rails.Readable = append(rails.Readable, filepath.SplitList(os.Getenv(name))...)
	}
	if address, ok := p.around.listener.Addr().(*net.TCPAddr); ok {
		rails.Port = address.Port
	}
	hosts, err := p.serviceHosts()
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		if strings.HasPrefix(host, "/") { // the folder of a Unix socket
			rails.Private = append(rails.Private, filepath.Dir(host))
			continue
		}
		rails.Services = append(rails.Services, p.resolve(ctx, host)...)
	}
	return rails, nil
}

// serviceHosts are the addresses of the server's own database and Redis: host
// and port, or the path of a Unix socket. The embedded ones have none that
// functions could reach.
func (p *parts) serviceHosts() ([]string, error) {
	var hosts []string
	if url := string(p.cfg.DatabaseURL); url != "" {
		cfg, err := pgconn.ParseConfig(url)
		if err != nil {
			return nil, fmt.Errorf("DATABASE_URL: %w", err)
		}
		add := func(host string, port uint16) {
			network, address := pgconn.NetworkAddress(host, port)
			if network == "unix" || host != "" {
				hosts = append(hosts, address)
			}
		}
		add(cfg.Host, cfg.Port)
		for _, other := range cfg.Fallbacks {
			add(other.Host, other.Port)
		}
	}
	if url := string(p.cfg.RedisURL); url != "" {
		options, err := redis.ParseURL(url)
		if err != nil {
			return nil, fmt.Errorf("REDIS_URL: %w", err)
		}
		hosts = append(hosts, options.Addr)
	}
	return hosts, nil
}

// resolve returns the addresses of a service as they are at the start.
func (p *parts) resolve(ctx context.Context, address string) []netip.AddrPort {
	const patience = 2 * time.Second
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		p.log.Warn("the address of the server's own database or Redis cannot be resolved: functions are not kept from connecting to it", slog.Any("error", err))
	}
	addresses := make([]netip.AddrPort, len(found))
	for i, ip := range found {
		addresses[i] = netip.AddrPortFrom(ip.Unmap().WithZone(""), uint16(number))
	}
	return addresses
}

// sweepHomes removes the files of deleted subtenants.
func (p *parts) sweepHomes(ctx context.Context) {
	err := p.homes.Sweep(func() (tenants []string, err error) {
		for page := (repo.Page{Limit: 1000}); ; {
			found, next, err := p.db.ListSubtenants(ctx, page)
			if err != nil {
				return nil, err
			}
			for _, tenant := range found {
				tenants = append(tenants, tenant.ID)
			}
			if next == "" {
				return tenants, nil
			}
			page.Cursor = next
		}
	})
	if err != nil {
		p.log.Debug("the files of deleted subtenants cannot be removed now", slog.Any("error", err))
	}
}
