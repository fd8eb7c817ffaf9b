package webhook

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/payload"
)

func TestRequestInput(t *testing.T) {
	t.Parallel()
	head := "X-User-ID: user123\r\nAccept: a\r\nCOOKIE: session=12345678\r\naccept:b\r\nAuthorization: Basic Zm9vOmJhcg==\r\nX-Fold: one\r\n two\r\nX-Latin: h\xe9\r\n"
	query, err := payload.ReadQuery(nil, []byte("q=1&q=2&r=a%20b&&=z"))
	require.NoError(t, err)
	r := request{
		body: []byte(`{"n": 1.0}`), headers: payload.ReadHeaders(nil, []byte(head)), authorization: true,
		query: query, parameters: []string{"id"}, values: [][]byte{[]byte("4/2")}, method: "POST",
		url: "http://h/api/v1/h/a/4%2F2?q=1", path: "/api/v1/h/a/4%2F2",
		defaults: payload.NewDefaults(json.RawMessage(`{"q": 9, "limit": 5, "method": "X", "deep": {"a": [1]}}`)),
	}
	text, secrets := r.build()
	require.JSONEq(t, `{
		"body": {"n": 1.0},
		"headers": {"X-User-ID": "user123", "Accept": "a, b", "COOKIE": "session=12345678",
			"Authorization": "Basic Zm9vOmJhcg==", "X-Fold": "one two", "X-Latin": "hé"},
		"query": {"q": ["1", "2"], "r": "a b", "": "z", "limit": 5, "method": "X", "deep": {"a": [1]}},
		"path_params": {"id": "4/2"},
		"method": "POST", "url": "http://h/api/v1/h/a/4%2F2?q=1", "path": "/api/v1/h/a/4%2F2",
		"q": 9, "limit": 5, "deep": {"a": [1]}}`, string(text))
	require.Contains(t, string(text), `"n": 1.0`, "the body is handed on as it came")
	require.ElementsMatch(t, []string{"session=12345678", "Basic Zm9vOmJhcg==", "Zm9vOmJhcg=="}, secrets)

	r.authorization = false
	text, secrets = r.build()
	require.NotContains(t, string(text), "Basic")
	require.Equal(t, []string{"session=12345678"}, secrets)
}

// FuzzRequestInput: for every request the input is valid JSON with the parts of the
// request, and no part leaves its member.
func FuzzRequestInput(f *testing.F) {
	f.Add("application/json", []byte(`{"a":1}`), []byte("A: b\r\nA: c\r\n"), []byte("x=1&x=2"), "id", `{"d":1}`)
	f.Add("text/plain", []byte("\xff\"\\"), []byte("Cookie: \xff\r\n \r\n"), []byte("%zz=%41+"), "\"", `[]`)
	f.Add("", []byte(" {}\n"), []byte("0"), []byte("0"), "0", "0")
	f.Add("", []byte(`{"a`), []byte(":\r\n"), []byte("&&=&"), "", ``)
	f.Fuzz(func(t *testing.T, contentType string, body, head, rawQuery []byte, value, laid string) {
		read, err := payload.ReadBody(contentType, body)
		if err != nil {
			require.NotEqual(t, model.CodeInternal, model.CodeOf(err), "%v", err)
			return
		}
		decoded := read.JSON
		if read.IsForm {
			decoded = payload.AppendFields(nil, read.Fields, nil, nil)
		}
		require.NoError(t, payload.CheckJSON(decoded, model.CodeInvalid))
		query, err := payload.ReadQuery(nil, rawQuery)
		if err != nil {
			return
		}
		var d *payload.Defaults
		if json.Valid([]byte(laid)) {
			d = payload.NewDefaults(json.RawMessage(laid))
		}
		r := request{
			body: decoded, headers: payload.ReadHeaders(nil, head), query: query, parameters: []string{"p"}, values: [][]byte{[]byte(value)},
			method: "POST", url: value, path: value, defaults: d,
		}
		text, _ := r.build()
		var got struct {
			Body   json.RawMessage   `json:"body"`
			Params map[string]string `json:"path_params"`
			Query  map[string]any    `json:"query"`
			Method string            `json:"method"`
		}
		require.NoError(t, json.Unmarshal(text, &got), "%s", text)
		require.Equal(t, strings.Trim(string(decoded), " \t\r\n"), string(got.Body)) // encoding/json leaves the space around a value out
		require.Equal(t, utf8Of(value), got.Params["p"])
		require.Equal(t, "POST", got.Method)
		if want, err := url.ParseQuery(string(rawQuery)); err == nil && d == nil && utf8.Valid([]byte(strings.Join(slices.Collect(maps.Keys(want)), ""))) && !want.Has("_charset_") {
			require.Len(t, got.Query, len(want))
		}
	})
}

// utf8Of is text as encoding/json sees it.
func utf8Of(text string) (plain string) {
	quoted, _ := json.Marshal(text)
	_ = json.Unmarshal(quoted, &plain)
	return plain
}

func TestModeFor(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]model.InputMode{
		``:                                   model.InputRequest,
		`{}`:                                 model.InputRequest,
		`true`:                               model.InputRequest,
		`{"type":"object"}`:                  model.InputRequest,
		`{"type":["object","null"]}`:         model.InputRequest,
		`{"type":"string"}`:                  model.InputBody,
		`{"properties":{"name":{}}}`:         model.InputBody,
		`{"properties":{"body":{}}}`:         model.InputRequest,
		`{"properties":{"body":{},"id":{}}}`: model.InputBody,
		`{"properties":{"body":{},"headers":{},"id":{}}}`:                   model.InputRequest,
		`{"properties":{"method":{},"path_params":{}}}`:                     model.InputRequest,
		`{"properties":{"url":{},"path":{}}}`:                               model.InputBody,
		`{"type":"array","properties":{"body":{},"headers":{},"query":{}}}`: model.InputBody,
	} {
		require.Equal(t, want, ModeFor([]byte(schema)), schema)
	}
}

func BenchmarkRequestInput(b *testing.B) {
	head := []byte("Host: localhost:8000\r\nUser-Agent: curl/8\r\nAccept: */*\r\nX-Customer-ID: CUST001\r\nContent-Type: application/json\r\nContent-Length: 62\r\n")
	body := []byte(`{"url": "https://example.com/invoice.txt", "priority": "high"}`)
	b.ReportAllocs()
	for b.Loop() {
		read, _ := payload.ReadBody("application/json", body)
		var headers [24]payload.Header
		r := request{body: read.JSON, headers: payload.ReadHeaders(headers[:0], head), method: "POST", url: "http://localhost:8000/api/v1/h/process-invoice", path: "/api/v1/h/process-invoice"}
		_, _ = r.build()
	}
}
