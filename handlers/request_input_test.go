package handlers

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestDecodeBody(t *testing.T) {
	t.Parallel()
	multipart := strings.ReplaceAll(`--B
Content-Disposition: form-data; name="a"

1
--B
Content-Disposition: form-data; name="a"

zwei
--B
Content-Disposition: form-data; name="f"; filename="x.txt"
Content-Type: text/plain

hi
--B--
`, "\n", "\r\n")
	for _, test := range []struct{ name, contentType, body, want string }{
		{"none", "", "", `{}`},
		{"none, though JSON", "application/json", "", `{}`},
		{"space", "application/json", " \n", `{}`},
		{"json", "application/json", `{"a": [1, 2.50]}`, `{"a": [1, 2.50]}`},
		{"json in words", "Application/JSON; charset=utf-8", `"x"`, `"x"`},
		{"a kind of json", "application/cloudevents+json", `[1]`, `[1]`},
		{"big integers stay", "application/json", `12345678901234567890123`, `12345678901234567890123`},
		{"byte order mark", "application/json", "\xef\xbb\xbf{}", `{}`},
		{"form", "application/x-www-form-urlencoded", "a=1&b=x+y%21&a=2&c", `{"a":["1","2"],"b":"x y!","c":""}`},
		{"curl -d", "application/x-www-form-urlencoded", ` {"a": 1}`, ` {"a": 1}`},
		{"curl -d a form", "application/x-www-form-urlencoded", "{a=1", `{"{a":"1"}`},
		{"no type, json", "", `[1]`, `[1]`},
		{"no type, a scalar is text", "", `1`, `{"raw":"1"}`},
		{"no type, nearly json", "", `{"a":`, `{"raw":"{\"a\":"}`},
		{"text", "text/plain", "hé\"\x00", `{"raw":"hé\"\u0000"}`},
		{"xml", "application/xml", "<a/>", `{"raw":"<a/>"}`},
		{"latin 1", "text/plain; charset=iso-8859-1", "h\xe9", `{"raw":"hé"}`},
		{"text that is none", "text/plain", "\xff\xfe", `{"raw_base64":"//4="}`},
		{"binary", "application/octet-stream", "abc", `{"raw_base64":"YWJj"}`},
		{"image", "image/png", "\x89PNG", `{"raw_base64":"iVBORw=="}`},
		{"no type, binary", "", "\xff", `{"raw_base64":"/w=="}`},
		{"multipart", "multipart/form-data; boundary=B", multipart,
			`{"a":["1","zwei"],"f":{"filename":"x.txt","content_type":"text/plain","raw_base64":"aGk="}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeBody(test.contentType, []byte(test.body))
			require.NoError(t, err)
			require.Equal(t, test.want, string(got))
		})
	}
}

func TestDecodeBodyRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, contentType, body, says string
		code                          model.Code
	}{
		{"malformed", "application/json", "{\n \"a\": oops}", "line 2, column 7", model.CodeMalformedBody},
		{"cut off", "application/json", `{"a":`, "line 1, column 6", model.CodeMalformedBody},
		{"two values", "application/json", `{} {}`, "column 4", model.CodeMalformedBody},
		{"a way out of its member", "application/json", `1,"method":"x"`, "column 2", model.CodeMalformedBody},
		{"not UTF-8", "application/json", "\"\xff\"", "UTF-8", model.CodeMalformedBody},
		{"too deep", "application/json", strings.Repeat("[", 600) + strings.Repeat("]", 600), "", model.CodeInputInvalid},
		{"very deep", "application/json", strings.Repeat("[", 1<<20), "", model.CodeInputInvalid},
		{"out of range", "application/json", `1e400`, "", model.CodeInputInvalid},
		{"multipart without boundary", "multipart/form-data", "x", "boundary", model.CodeMalformedBody},
		{"multipart cut off", "multipart/form-data; boundary=B", "--B\r\n", "multipart", model.CodeMalformedBody},
		{"too many fields", "application/x-www-form-urlencoded", strings.Repeat("a&", maxPairs+1), "fields", model.CodeBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := decodeBody(test.contentType, []byte(test.body))
			require.Equal(t, test.code, model.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestRequestInput(t *testing.T) {
	t.Parallel()
	head := "X-User-ID: user123\r\nAccept: a\r\nCOOKIE: session=12345678\r\naccept:b\r\nAuthorization: Basic Zm9vOmJhcg==\r\nX-Fold: one\r\n two\r\nX-Latin: h\xe9\r\n"
	query, err := splitPairs(nil, []byte("q=1&q=2&r=a%20b&&=z"))
	require.NoError(t, err)
	r := request{
		body: []byte(`{"n": 1.0}`), headers: eachHeader(nil, []byte(head)), authorization: true,
		query: query, parameters: []string{"id"}, values: [][]byte{[]byte("4/2")}, method: "POST",
		url: "http://h/api/v1/h/a/4%2F2?q=1", path: "/api/v1/h/a/4%2F2",
		defaults: newDefaults(json.RawMessage(`{"q": 9, "limit": 5, "method": "X", "deep": {"a": [1]}}`)),
	}
	text, secrets := r.input()
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
	text, secrets = r.input()
	require.NotContains(t, string(text), "Basic")
	require.Equal(t, []string{"session=12345678"}, secrets)
}

func TestDefaultsUnderABody(t *testing.T) {
	t.Parallel()
	d := newDefaults(json.RawMessage(`{"a": 1, "b": {"x": 2}}`))
	for body, want := range map[string]string{
		`{}`:              `{"a":1,"b":{"x": 2}}`,
		` {"c": 3} `:      `{"a":1,"b":{"x": 2},"c": 3} `,
		`{"a": null}`:     `{"b":{"x": 2},"a": null}`,
		`{"a":0,"b":"y"}`: `{"a":0,"b":"y"}`,
		`[1]`:             `[1]`,
		`"a"`:             `"a"`,
	} {
		require.Equal(t, want, string(d.under([]byte(body))))
	}
	require.Nil(t, newDefaults(nil))
	require.Nil(t, newDefaults(json.RawMessage(`{}`)))
	var none *defaults
	require.Equal(t, `{}`, string(none.under([]byte(`{}`))))
}

// FuzzRequestInput: whatever arrives, the function gets valid JSON that says
// what arrived, and nothing gets out of its member.
func FuzzRequestInput(f *testing.F) {
	f.Add("application/json", []byte(`{"a":1}`), []byte("A: b\r\nA: c\r\n"), []byte("x=1&x=2"), "id", `{"d":1}`)
	f.Add("text/plain", []byte("\xff\"\\"), []byte("Cookie: \xff\r\n \r\n"), []byte("%zz=%41+"), "\"", `[]`)
	f.Add("", []byte(`{"a`), []byte(":\r\n"), []byte("&&=&"), "", ``)
	f.Fuzz(func(t *testing.T, contentType string, body, head, rawQuery []byte, value, laid string) {
		decoded, err := decodeBody(contentType, body)
		if err != nil {
			require.NotEqual(t, model.CodeInternal, model.CodeOf(err), "%v", err)
			return
		}
		require.NoError(t, checkJSON(decoded, model.CodeInvalid))
		query, err := splitPairs(nil, rawQuery)
		if err != nil {
			return
		}
		var d *defaults
		if json.Valid([]byte(laid)) {
			d = newDefaults(json.RawMessage(laid))
		}
		r := request{
			body: decoded, headers: eachHeader(nil, head), query: query, parameters: []string{"p"}, values: [][]byte{[]byte(value)},
			method: "POST", url: value, path: value, defaults: d,
		}
		text, _ := r.input()
		var got struct {
			Body   json.RawMessage   `json:"body"`
			Params map[string]string `json:"path_params"`
			Query  map[string]any    `json:"query"`
			Method string            `json:"method"`
		}
		require.NoError(t, json.Unmarshal(text, &got), "%s", text)
		require.Equal(t, string(decoded), string(got.Body))
		require.Equal(t, utf8Of(value), got.Params["p"])
		require.Equal(t, "POST", got.Method)
		if want, err := url.ParseQuery(string(rawQuery)); err == nil && d == nil {
			require.Len(t, got.Query, len(distinct(want)))
		}
	})
}

// utf8Of is text as encoding/json sees it.
func utf8Of(text string) (plain string) {
	quoted, _ := json.Marshal(text)
	_ = json.Unmarshal(quoted, &plain)
	return plain
}

// distinct are the keys as they are once they are UTF-8.
func distinct(values url.Values) map[string]bool {
	keys := make(map[string]bool)
	for key := range values {
		keys[utf8Of(key)] = true
	}
	return keys
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00\x7f\u2028é\xff\xc3")
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		require.NoError(t, json.Unmarshal(appendString([]byte(nil), text), &got))
		require.Equal(t, utf8Of(text), got)
		require.Equal(t, string(appendString([]byte(nil), text)), string(appendString([]byte(nil), []byte(text))))
	})
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
		require.Equal(t, want, modeFor([]byte(schema)), schema)
	}
}

func BenchmarkRequestInput(b *testing.B) {
	head := []byte("Host: localhost:8000\r\nUser-Agent: curl/8\r\nAccept: */*\r\nX-Customer-ID: CUST001\r\nContent-Type: application/json\r\nContent-Length: 62\r\n")
	body := []byte(`{"url": "https://example.com/invoice.txt", "priority": "high"}`)
	b.ReportAllocs()
	for b.Loop() {
		decoded, _ := decodeBody("application/json", body)
		var headers [24]header
		r := request{body: decoded, headers: eachHeader(headers[:0], head), method: "POST", url: "http://localhost:8000/api/v1/h/process-invoice", path: "/api/v1/h/process-invoice"}
		_, _ = r.input()
	}
}

func TestRawBase64IsWhatItSays(t *testing.T) {
	t.Parallel()
	var got map[string]string
	require.NoError(t, json.Unmarshal(rawBase64([]byte{0, 255, 10}), &got))
	plain, err := base64.StdEncoding.DecodeString(got["raw_base64"])
	require.NoError(t, err)
	require.Equal(t, []byte{0, 255, 10}, plain)
}
