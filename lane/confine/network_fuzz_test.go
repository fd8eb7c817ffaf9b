package confine

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// FuzzTargets reads socket addresses as programs may give them: no address of a denied network or of a
// service is taken for another one.
func FuzzTargets(f *testing.F) {
	for _, address := range []string{"127.0.0.1:5432", "[::1]:5432", "[::ffff:127.0.0.1]:5432", "[::]:5432", "[64:ff9b::7f00:1]:5432", "10.1.2.3:80", "8.8.8.8:53"} {
		f.Add(rawOf(netip.MustParseAddrPort(address)))
	}
	f.Add([]byte{1, 0, 'a'})
	f.Add([]byte{1, 0, 0, 'a'})
	f.Add([]byte{})
	rules := &Destinations{
		Deny:     []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
		Services: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:5432")},
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		to, ok := readTarget(raw)
		if !ok || !to.address.IsValid() {
			require.True(t, !ok || to.family != unix.AF_INET && to.family != unix.AF_INET6)
			return
		}
		allowed := rules.allows(to.address)
		inside := to.address.Addr().Unmap()
		if inside.Is4() && inside.As4()[0] == 10 || inside.IsLoopback() && to.address.Port() == 5432 {
			require.False(t, allowed, to.address)
		}
		again, ok := readTarget(rawOf(to.address))
		require.True(t, ok)
		require.Equal(t, to.address, again.address)
	})
}

// rawOf is an address as the kernel has it.
func rawOf(address netip.AddrPort) []byte {
	if address.Addr().Is4() {
		raw := binary.NativeEndian.AppendUint16(nil, unix.AF_INET)
		raw = binary.BigEndian.AppendUint16(raw, address.Port())
		return append(append(raw, address.Addr().AsSlice()...), make([]byte, 8)...)
	}
	raw := binary.NativeEndian.AppendUint16(nil, unix.AF_INET6)
	raw = binary.BigEndian.AppendUint16(raw, address.Port())
	return append(append(append(raw, 0, 0, 0, 0), address.Addr().AsSlice()...), 0, 0, 0, 0)
}
