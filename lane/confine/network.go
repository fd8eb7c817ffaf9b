package confine

import (
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Destinations say where a confined program may not connect.
type Destinations struct {
	Deny     []netip.Prefix   // networks
	Services []netip.AddrPort // the server's own database and Redis
	// Port is the server's own. Connections to it are made, and reported to Own before
	// the program can use them, by their port and the number of the socket, so that the
	// server knows requests of functions. 0: none.
	Port uint16
	Own  func(port uint16, socket uint64)
}

// target is an address that a program wants to reach.
type target struct {
	family  uint16
	address netip.AddrPort // of AF_INET and AF_INET6
	path    string         // of AF_UNIX; of an abstract one, after a NUL
}

// readTarget reads a socket address. Its family may be none, which ends a
// connection.
func readTarget(raw []byte) (target, bool) {
	if len(raw) < 2 {
		return target{}, false
	}
	t := target{family: binary.NativeEndian.Uint16(raw)}
	switch t.family {
	case unix.AF_INET:
		if len(raw) < unix.SizeofSockaddrInet4 {
			return target{}, false
		}
		t.address = netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[4:8])), binary.BigEndian.Uint16(raw[2:]))
	case unix.AF_INET6:
		const least = unix.SizeofSockaddrInet6 - 4 // without the scope
		if len(raw) < least {
			return target{}, false
		}
		t.address = netip.AddrPortFrom(netip.AddrFrom16([16]byte(raw[8:24])), binary.BigEndian.Uint16(raw[2:]))
	case unix.AF_UNIX:
		t.path = string(raw[2:])
		if len(raw) > 2 && raw[2] != 0 { // else abstract, or none
			t.path = unix.ByteSliceToString(raw[2:])
		}
	}
	return t, true
}

// nat64 is the prefix behind which networks without IPv4 have its addresses.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// plain is an address as rules name it: the one of IPv4 within IPv6, and the
// loopback one for the one that stands for any.
func plain(address netip.Addr) netip.Addr {
	address = address.WithZone("").Unmap()
	if nat64.Contains(address) {
		raw := address.As16()
		address = netip.AddrFrom4([4]byte(raw[12:]))
	}
	switch {
	case address == netip.IPv4Unspecified():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case address == netip.IPv6Unspecified():
		return netip.IPv6Loopback()
	}
	return address
}

// allows reports whether an address may be reached.
func (n *Destinations) allows(to netip.AddrPort) bool {
	address := plain(to.Addr())
	for _, denied := range n.Deny {
		if denied.Contains(address) {
			return false
		}
	}
	for _, service := range n.Services {
		if service.Port() == to.Port() && sameHost(plain(service.Addr()), address) {
			return false
		}
	}
	return true
}

// Refuses reports whether a program may not reach an address, the server's own listener
// included: for connections that the server itself makes at a subtenant's request.
func (n *Destinations) Refuses(to netip.AddrPort) bool {
	return !n.allows(to) || n.Port != 0 && n.Port == to.Port() && isHere(plain(to.Addr()))
}

// isOwn reports whether an address is the server's own listener.
func (n *Destinations) isOwn(to netip.AddrPort) bool {
	return n.Port != 0 && n.Port == to.Port() && n.Own != nil && isHere(plain(to.Addr()))
}

// sameHost reports whether two addresses are one machine's, as far as this machine
// knows: all of its own are.
func sameHost(a, b netip.Addr) bool { return a == b || (isHere(a) && isHere(b)) }

// isHere reports whether an address is this machine's.
func isHere(address netip.Addr) bool {
	if address.IsLoopback() {
		return true
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, each := range own {
		if prefix, err := netip.ParsePrefix(each.String()); err == nil && prefix.Addr().Unmap() == address {
			return true
		}
	}
	return false
}

// ports are those that are closed on all machines where the server cannot make the
// connections. Its own is left open if it is one that much of the internet uses.
func (n *Destinations) ports() []uint16 {
	var ports []uint16
	for _, service := range n.Services {
		ports = append(ports, service.Port())
	}
	if n.Port != 0 && n.Port != 80 && n.Port != 443 {
		ports = append(ports, n.Port)
	}
	return ports
}
