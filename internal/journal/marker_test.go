package journal

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarkersOfAFile(t *testing.T) {
	t.Parallel()
	require.Empty(t, ParseMarkers(nil))
	require.Empty(t, ParseMarkers([]byte("address 0x0\nend\n")))
	require.Equal(t, []Marker{
		{Fault: "SIGSEGV", Address: "0x10", Interpreter: 12, Owner: "acme", Ticket: 345, Stack: "  File \"<a v1>\", line 2, in a\n"},
		{Fault: "_exit", Status: 3, Interpreter: 4, Stack: "  File \"<b v7>\", li?" + "\n"},
	}, ParseMarkers([]byte("fault SIGSEGV\ncode 1\naddress 0x10\ninstruction 0x7f\ninterpreter 12\nthread 9\nowner acme\ncall 345\nstack\n"+
		"  File \"<a v1>\", line 2, in a\nend\nfault _exit\nstatus 3\ninterpreter 4\nstack\n  File \"<b v7>\", li\xff")))
}

func FuzzMarkers(f *testing.F) {
	f.Add([]byte("fault SIGSEGV\nowner acme\ncall 345\nstack\n  File\nend\n"))
	f.Fuzz(func(_ *testing.T, text []byte) { ParseMarkers(text) })
}
