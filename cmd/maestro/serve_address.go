package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"maestro/internal/config"
	"maestro/internal/supervisor"
)

// listen takes the socket that the service manager holds, or opens one.
func listen(cfg *config.Config) (*net.TCPListener, error) {
	if held, err := supervisor.InheritedListener(); held != nil || err != nil {
		return held, err
	}
	network := "tcp"
	if onlyIPv6(net.ParseIP(cfg.Host)) {
		network = "tcp6" // "tcp" would take 0.0.0.0 for :: here
	}
	listener, err := net.Listen(network, cfg.Address())
	if tcp, ok := listener.(*net.TCPListener); ok && err == nil {
		return tcp, nil
	}
	return nil, unusableAddress(cfg, err)
}

// unusableAddress says what to do about an address that cannot be listened on.
func unusableAddress(cfg *config.Config, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d on %s is taken: stop what listens there, or set PORT to another one (0 picks a free one)", cfg.Port, cfg.Host)
	}
	if errors.Is(err, syscall.EACCES) { // of a port below 1024
		return fmt.Errorf("cannot listen on %s, whose port is for root: set PORT to 1024 or more behind a proxy, or give the service CAP_NET_BIND_SERVICE: %w", cfg.Address(), err)
	}
	return fmt.Errorf("cannot listen on %s, set HOST and PORT to an address of this machine: %w", cfg.Address(), err)
}

// localURL is how this machine reaches the server.
func localURL(cfg *config.Config, at net.Addr) string {
	host := cfg.Host
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if onlyIPv6(ip) {
			host = "::1"
		}
	}
	_, port, _ := net.SplitHostPort(at.String())
	return "http://" + net.JoinHostPort(host, port)
}

// onlyIPv6 reports whether ip is :: on a machine without IPv4, not even that of its own
// loopback. Nothing is sent.
func onlyIPv6(ip net.IP) bool {
	if !ip.Equal(net.IPv6unspecified) {
		return false
	}
	conn, err := net.Dial("udp", "127.0.0.1:9")
	if err == nil {
		_ = conn.Close()
	}
	return err != nil
}

// announce prints the line that says the server is ready, and notes its address
// for the command line's clients.
func announce(stdout io.Writer, cfg *config.Config, log *slog.Logger, at net.Addr, took time.Duration) {
	url := localURL(cfg, at)
	fmt.Fprintf(stdout, "maestro is ready at %s (%s mode, started in %d ms)\n", url, cfg.AuthMode(), took.Milliseconds())
	if err := os.WriteFile(addressFile(cfg), []byte(url+"\n"), 0o644); err != nil {
		log.Warn("the command line will not find this server by itself", slog.Any("error", err))
	}
}

// addressFile tells the command line's clients where the server of this data
// folder listens.
func addressFile(cfg *config.Config) string { return cfg.DataDir + "/address" }

func forgetAddress(cfg *config.Config) { _ = os.Remove(addressFile(cfg)) }

// findAddress returns the address that a running server has noted, or "".
func findAddress(cfg *config.Config) string {
	text, err := os.ReadFile(addressFile(cfg))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
