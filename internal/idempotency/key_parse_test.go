package idempotency_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/idempotency"
	"maestro/internal/model"
)

func TestWhereAKeyIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ header, body, key, function string }{
		{"", `{"function_name":"f"}`, "", ""},
		{"k", `{"function_name":"f"}`, "k", "f"},
		{"", `{"function_name":"f","idempotency_key":"k"}`, "k", "f"},
		{"k", `{"function_name":"f","idempotency_key":"k"}`, "k", "f"},
		{"", `{"function_name":"f","idempotency\u005fkey":"k"}`, "k", "f"},
		{"", `{"function_name":"f","idempotency_key":null}`, "", "f"},
		{"k", `{`, "", ""},
	} {
		key, function, err := idempotency.RunKey(c.header, []byte(c.body))
		require.NoError(t, err)
		require.Equal(t, []string{c.key, c.function}, []string{key, function}, c)
	}
	long := strings.Repeat("k", idempotency.MaxKeyBytes+1)
	for header, body := range map[string]string{
		long: `{}`, "a": `{"idempotency_key":"b"}`, "": `{"idempotency_key":""}`, " ": `{"idempotency_key":"ü"}`, "\t": `{"idempotency_key":"` + long + `"}`,
	} {
		_, _, err := idempotency.RunKey(header, []byte(body))
		requireCode(t, model.CodeInvalid, err)
	}
}

// Requests that differ in any part have different fingerprints, also when the parts
// are equal as one text.
func TestFingerprintsTellPartsApart(t *testing.T) {
	t.Parallel()
	seen := map[[32]byte]int{}
	for i, o := range []idempotency.Occasion{
		{Method: "POST", Target: []byte("/a?b=%7e"), Caller: "c", Body: []byte("d")},
		{Method: "PUT", Target: []byte("/a?b=%7e"), Caller: "c", Body: []byte("d")},
		{Method: "POST", Target: []byte("/a?b=%7E"), Caller: "c", Body: []byte("d")},
		{Method: "POST", Target: []byte("/a?b=%7e"), Caller: "cd"},
		{Method: "POST", Target: []byte("/a?b=%7ec"), Body: []byte("d")},
		{Method: "POST", Target: []byte("/a?b=%7e"), Body: []byte("cd")},
	} {
		other, found := seen[o.Fingerprint()]
		require.False(t, found, "%d and %d", i, other)
		seen[o.Fingerprint()] = i
	}
}
