package cpython

import (
	_ "embed"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed testdata/json_check.py
var jsonChecks string

// startProbe gives the probe its checks, and the converter its hooks.
var startProbe = sync.OnceValue(func() error {
	if err := probeRun(jsonChecks); err != nil {
		return err
	}
	convert, err := os.ReadFile("../embed/python/convert.py")
	if err != nil {
		return err
	}
	_, err = probeCall("install_convert", convert)
	return err
})

func check(t *testing.T, name, argument string) string {
	t.Helper()
	require.NoError(t, startProbe())
	out, err := probeCall(name, []byte(argument))
	require.NoError(t, err)
	return string(out)
}

func TestJSONAgainstPythonsOwn(t *testing.T) {
	t.Parallel()
	count, err := strconv.Atoi(check(t, "check_against_json", ""))
	require.NoError(t, err)
	require.Greater(t, count, 80_000)
}

func TestJSONConversions(t *testing.T)    { t.Parallel(); check(t, "check_conversions", "") }
func TestJSONRefusals(t *testing.T)       { t.Parallel(); check(t, "check_refusals", "") }
func TestJSONHostileObjects(t *testing.T) { t.Parallel(); check(t, "check_hostile", "") }

// These change what others rely on (the hooks, the limit of digits), or count
// objects: they run alone, before the parallel ones.
func TestJSONIgnoresTheDigitLimit(t *testing.T) { check(t, "check_digit_limit", "") }
func TestJSONOnASmallStack(t *testing.T)        { t.Log(check(t, "check_small_stack", "")) }
func TestJSONHeadersSurvive(t *testing.T)       { check(t, "check_headers", "") }

func TestJSONLeaksNothing(t *testing.T) {
	t.Log("blocks more:", check(t, "check_leaks", "2000"))
}

// TestJSONGrammar holds the reader against RFC 8259, in the manner of the
// well-known suites: what must be read, what must be refused, and what the RFC
// leaves open and we have decided.
func TestJSONGrammar(t *testing.T) {
	t.Parallel()
	require.NoError(t, startProbe())
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	nines := func(n int) string { return strings.Repeat("9", n) }
	for text, want := range map[string]string{
		"null": "null", " true\n": "true", "\t\r\n false ": "false", "0": "0", "-0": "0", "-0.0": "-0.0", "1E3": "1000.0",
		"1e+2": "100.0", "1.5E-3": "0.0015", "123456789012345678901": "123456789012345678901", "[]": "[]", "[ ]": "[]",
		"{}": "{}", "{ }": "{}", `[1 , 2]`: "[1,2]", `{"a" : 1 , "b":[ ]}`: `{"a":1,"b":[]}`, `{"a":1,"a":2}`: `{"a":2}`,
		`{"a":1,"b":2,"a":3}`: `{"a":3,"b":2}`, `""`: `""`, `"\""`: `"\""`, `"\/"`: `"/"`, `"\u0000"`: `"\u0000"`,
		`"\u00E9"`: `"é"`, `"\ud83d\uDE00"`: `"😀"`, `"\ud83d"`: `"\ud83d"`, `"\ude00\ud83d"`: `"\ude00\ud83d"`,
		`"\ud83d\ud83d\ude00"`: `"\ud83d😀"`, `"\ud83dx"`: `"\ud83dx"`, `"\ud83d\n"`: `"\ud83d\n"`, `"\b\f\n\r\t\\"`: `"\b\f\n\r\t\\"`,
		"\"\u007f\"": "\"\u007f\"", "\"\u2028\"": "\"\u2028\"", "\"\U0010ffff\"": "\"\U0010ffff\"", `{"":0}`: `{"":0}`,
		`{"\u0061":0}`: `{"a":0}`, "0e999999999999999999999": "0.0", "0.0000e-5": "0.0", "1e-300": "1e-300", deep(512): deep(512),
		nines(4300): nines(4300), "-" + nines(4300): "-" + nines(4300),
		"0." + strings.Repeat("0", 100_010) + "1e100001": "1e-10", "1" + strings.Repeat("0", 400) + "e-400": "1.0",
		"9007199254740993.0": "9007199254740992.0", "2.2250738585072011e-308": "2.225073858507201e-308",
		"179769313486231570814527423731704356798070e267": "1.7976931348623157e+308", "4.9e-324": "5e-324",
		`"` + strings.Repeat("a", 100) + `\n"`: `"` + strings.Repeat("a", 100) + `\n"`,
	} {
		got, err := probeRound([]byte(text))
		require.NoError(t, err, "%.60q", text)
		require.Equal(t, want, string(got), "%.60q", text)
	}
	for text, reason := range map[string]string{
		"": "the text ends where a value was expected at byte 0", "  ": "the text ends", "[": "the text ends", "[1": "a comma or a ]",
		"[1,": "the text ends", "[1,]": "a value was expected at byte 3", "[,1]": "a value", "[1 2]": "a comma or a ]", "[1}": "a comma or a ]",
		"]": "a value", "{": "a key in quotes", "{1:2}": "a key in quotes", `{"a"}`: "a colon", `{"a" 1}`: "a colon", `{"a":}`: "a value",
		`{"a":1,}`: "a key in quotes", `{"a":1 "b":2}`: "a comma or a }", `{"a":1`: "a comma or a }", `{,}`: "a key", `{a:1}`: "a key",
		`{'a':1}`: "a key", "nul": "a value", "nulls": "more text", "True": "a value", "NaN": "a value", "Infinity": "a value",
		"-Infinity": "a digit", "+1": "a value", "-": "a digit", "--1": "a digit", "01": "starts with 0", "-01": "starts with 0",
		"00": "starts with 0", "1.": "a digit", ".5": "a value", "1.e1": "a digit", "1e": "a digit", "1e+": "a digit", "1.5.2": "more text",
		"0x10": "more text", "1_000": "more text", "1 2": "more text", "[] []": "more text", "[1]x": "more text", "// x\n1": "a value",
		`"`: "no end", `"abc`: "no end", `"\`: "an unknown escape", `"\"`: "no end", `"\x41"`: "an unknown escape", `"\u12"`: "an unknown escape",
		`"\u12G4"`: "an unknown escape", `"\U0041"`: "an unknown escape", "\"\\\x00\"": "an unknown escape", `"\u`: "an unknown escape",
		"\"\n\"": "a control character", "\"\x00\"": "a control character", "\"12345678\x1f\"": "a control character in a string at byte 9",
		"\"\t\"": "a control character", "\ufeff1": "a value", "\"\xff\"": "invalid UTF-8", "\"\xc0\xaf\"": "invalid UTF-8",
		"\"\xc3\"": "invalid UTF-8", "\"\xed\xa0\x80\"": "invalid UTF-8", "\"\xf4\x90\x80\x80\"": "invalid UTF-8", "\"\xe0\x80\x80\"": "invalid UTF-8",
		"\"\xf0\x80\x80\x80\"": "invalid UTF-8", "\"\xf8\x88\x80\x80\x80\"": "invalid UTF-8", "\"\x80\"": "invalid UTF-8", "\"\xe4\xb8": "invalid UTF-8",
		"\x00": "a value", "1\x00": "more text", "\v1": "a value", "\u00a01": "a value", deep(513): "nested more than 512 deep at byte 512",
		strings.Repeat("[", 100_000): "nested more", strings.Repeat(`{"a":`, 513) + "1" + strings.Repeat("}", 513): "nested more",
		nines(4301): "an integer of more than 4300 digits at byte 0", "[-" + nines(5000) + "]": "4300 digits at byte 1",
		"1e309": "outside the range of a double", "-1e309": "outside", "1e-400": "outside", "1e99999999999999999999": "outside",
		"1" + strings.Repeat("0", 400) + ".0": "outside", "1.7976931348623159e308": "outside", "1e-99999999999999999999": "outside",
	} {
		got, err := probeRound([]byte(text))
		require.ErrorContains(t, err, "ValueError: input: ", "%.60q gave %.60q", text, got)
		require.ErrorContains(t, err, reason, "%.60q", text)
	}
}

// BenchmarkJSON prints our time for one call in each direction, and how many
// times longer Python's own json takes for it in the same run.
func BenchmarkJSON(b *testing.B) {
	require.NoError(b, startProbe())
	order := `{"id":%d,"name":"Ada Lovelace","mail":"ada@example.com","paid":true,"total":129.95,"items":["pen","paper",3],"note":null}`
	many := func(n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(strings.Replace(order, "%d", "12345", 1)+",", n), ",") + "]"
	}
	for name, text := range map[string]string{"29B": `{"id": 17, "name": "Müller"}`, "1KB": many(8), "1MB": many(8000)} {
		b.Run(name, func(b *testing.B) {
			var best []float64
			for b.Loop() {
				out, err := probeCall("bench", []byte(text))
				require.NoError(b, err)
				require.NoError(b, json.Unmarshal(out, &best))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(best[0], "load-ns")
			b.ReportMetric(best[1]/best[0], "json.loads/load")
			b.ReportMetric(best[2], "dump-ns")
			b.ReportMetric(best[3]/best[2], "json.dumps/dump")
		})
	}
}
