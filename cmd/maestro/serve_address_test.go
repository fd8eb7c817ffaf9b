package main

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/config"
)

func TestAddressesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Host: "127.0.0.1", Port: 80}
	require.ErrorContains(t, unusableAddress(cfg, fmt.Errorf("listen: %w", syscall.EADDRINUSE)), "port 80 on 127.0.0.1 is taken")
	require.ErrorContains(t, unusableAddress(cfg, fmt.Errorf("listen: %w", syscall.EACCES)), "CAP_NET_BIND_SERVICE")
	require.ErrorContains(t, unusableAddress(cfg, fmt.Errorf("listen: %w", syscall.EADDRNOTAVAIL)), "set HOST and PORT to an address of this machine")
}
