package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// setNetworks reads networks, and addresses that stand for themselves.
func setNetworks(to *[]netip.Prefix, v string) error {
	var networks []netip.Prefix
	for _, text := range splitList(v) {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			address, failed := netip.ParseAddr(text)
			if failed != nil || address.Zone() != "" {
				return fmt.Errorf("must be networks such as 10.0.0.0/8 or addresses, separated by commas, and %q is neither", text)
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		networks = append(networks, network.Masked())
	}
	*to = networks
	return nil
}

// setDenied reads networks, or none.
func setDenied(to *[]netip.Prefix, v string) error {
	if strings.EqualFold(strings.TrimSpace(v), "none") {
		*to = nil
		return nil
	}
	return setNetworks(to, v)
}

func setDrain(to *time.Duration, v string) error {
	const most = 600
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n >= 0 && n <= most) {
		return fmt.Errorf("must be a number of seconds from 0 to %d, not %q", most, v)
	}
	*to = time.Duration(n * float64(time.Second))
	return nil
}

func setLogFormat(to *LogFormat, v string) error {
	switch f := LogFormat(strings.ToLower(v)); f {
	case LogText, LogJSON:
		*to = f
		return nil
	}
	return fmt.Errorf("must be text or json, not %q", v)
}

func setLogLevel(to *slog.Level, v string) error {
	switch strings.ToLower(v) {
	case "debug":
		*to = slog.LevelDebug
	case "info":
		*to = slog.LevelInfo
	case "warn", "warning":
		*to = slog.LevelWarn
	case "error":
		*to = slog.LevelError
	default:
		return fmt.Errorf("must be debug, info, warn or error, not %q", v)
	}
	return nil
}
