package cpython

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzJSONRoundTrip reads any bytes, writes the object again, and compares the
// two texts as Go's own decoder understands them. What that one accepts and
// ours refuses has to be one of the limits that json.h names.
func FuzzJSONRoundTrip(f *testing.F) {
	for _, seed := range []string{
		`null`, `[true,false,null]`, `{"a":{"b":[1,2.5,-3e10]},"":"x"}`, `"\u0000\ud800é😀\n\\\/"`, `{"a":1,"a":[]}`,
		`123456789012345678901234567890`, `-0`, `-0.0`, `1e308`, `1e-320`, `0.1`, `[[[[[[]]]]]]`, ` [ 1 , 2 ] `, `{"k":"` + "\u2028" + `"}`,
		`[1,]`, `"`, `{"a"`, `nul`, "\"\xff\"", `01`, `1.7976931348623157e308`, `[0.30000000000000004,1e22,1e23,123456.789]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, startProbe())
		once, err := probeRound(text)
		if err != nil {
			requireRefusalIsDue(t, text, err)
			return
		}
		require.True(t, json.Valid(text), "accepted %q", text)
		twice, err := probeRound(once)
		require.NoError(t, err, "its own output %q", once)
		require.Equal(t, string(once), string(twice))
		require.True(t, utf8.Valid(once))
		require.Equal(t, decode(t, text), decode(t, once), "%q became %q", text, once)
	})
}

// requireRefusalIsDue fails unless text is no JSON, or beyond a limit of ours.
func requireRefusalIsDue(t *testing.T, text []byte, err error) {
	if !json.Valid(text) || !utf8.Valid(text) {
		return
	}
	for _, limit := range []string{"nested more than 512", "4300 digits", "outside the range of a double"} {
		if bytes.Contains([]byte(err.Error()), []byte(limit)) {
			return
		}
	}
	t.Fatalf("refused %q: %v", text, err)
}

// decode reads JSON with Go's decoder; numbers become integers or doubles.
func decode(t *testing.T, text []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value))
	_, err := decoder.Token()
	require.Equal(t, io.EOF, err)
	return exact(t, value)
}

func exact(t *testing.T, value any) any {
	switch value := value.(type) {
	case json.Number:
		if number, ok := new(big.Int).SetString(value.String(), 10); ok {
			return number.String()
		}
		number, err := strconv.ParseFloat(value.String(), 64)
		require.NoError(t, err)
		return number
	case []any:
		for i := range value {
			value[i] = exact(t, value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = exact(t, value[key])
		}
	}
	return value
}
