package main

import (
	"errors"
	"net/netip"
	"os"

	"maestro/internal/peer"
)

// signIn signs callers of this machine in as the administrator of development mode:
// browsers, but no process that a function has started, which the rail own-api does
// not know. Orphans among those are the supervisor's children. It is nil in other
// modes, and where other machines may reach the server.
func (p *parts) signIn() func(remote, local netip.AddrPort) (string, error) {
	if p.token == "" {
		return nil
	}
	ours := []int{os.Getpid()}
	if p.around.supervisor != 0 {
		ours = append(ours, p.around.supervisor)
	}
	return func(remote, local netip.AddrPort) (string, error) {
		started, err := peer.Descends(remote, local, ours...)
		if err == nil && started {
			err = errors.New("the request is of a process that the server has started")
		}
		return string(p.token), err
	}
}
