package format

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// No text makes a check panic, and none is accepted that the standard library,
// where it knows the format, can't read.
func FuzzFormats(f *testing.F) {
	for _, seed := range []string{
		"", "P1Y2M3DT4H5M6S", "12:30:00.5+02:00", "2026-01-31T23:59:60Z", `"a\"b"@example.com`, "münchen.example", "xn--mnchen-3ya.de", "http://[v1.a]:80/?q#f",
		"{+a,b:3}{?c*}", `^(?<n>a|[^\d\-]{2,3})\k<n>\p{Lu}(?i:x)$`, "10.0.0.1", "a/b:c", "::1", "1.2.3-a+b", "/a~1b", "1#",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, one := range All() {
			if one.Check(text) != nil {
				continue
			}
			switch one.Name {
			case "ipv4":
				address, err := netip.ParseAddr(text)
				require.NoError(t, err, text)
				require.True(t, address.Is4(), text)
			case "date-time":
				if text[17:19] != "60" { // Go knows no leap seconds
					_, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
					require.NoError(t, err, text)
				}
			}
		}
	})
}
