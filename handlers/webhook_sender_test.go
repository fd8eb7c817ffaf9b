package handlers_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sent sends a request byte for byte, on a connection of its own.
func (f *fixture) sent(text string) answer {
	f.t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	require.NoError(f.t, err)
	defer func() { _ = connection.Close() }()
	_, err = io.WriteString(connection, text)
	require.NoError(f.t, err)
	method, _, _ := strings.Cut(text, " ")
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	require.NoError(f.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(f.t, err)
	return answer{response, string(body)}
}

// result is what a function returned, from an answer in the envelope.
func result[T any](t testing.TB, a answer) (value T) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.StatusCode, a.text)
	var envelope struct{ Result T }
	require.NoError(t, json.Unmarshal([]byte(a.text), &envelope), a.text)
	return envelope.Result
}

// Senders sign the URL that they call.
func TestTheURLIsWhatTheSenderAskedFor(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("see", "def see(input):\n    return [input['url'], input['path'], input['path_params']]")
	f.webhook(`{"path":"see","function_name":"see","http_method":"ANY"}`)
	f.webhook(`{"path":"see/{id}","function_name":"see","http_method":"ANY"}`)
	for _, target := range []string{
		"/api/v1/h/see", "/api/v1/h/see/", "/api/v1/h/see?", "/api/v1/h/see?a=1&&b&a=%7e%7E+%20~", "/api/v1/h/see?x=100%&y=%zz",
		"/api/v1/h/see/a%2Fb%20c?q=[]{}|^`\"<>", "/api/v1/h/see/a%2fb", "/api/v1/h/see?utf=\xc3\xbc&latin=\xfc", "/api/v1/h/see/\xfc?\xfc\xfc=\xef\xbf\xbd", "/api/v1/h/see?a=1#fragment",
		"/api/v1/h/see/%41", "/api/v1/h/see?a=1;b=2", "/api/v1/h/see/..%2f",
	} {
		got := result[[]any](t, f.sent("POST "+target+" HTTP/1.1\r\nHost: Hooks.Example.COM:8443\r\nContent-Length: 0\r\n\r\n"))
		want := "http://Hooks.Example.COM:8443" + strings.ReplaceAll(target, "\xfc", "%FC")
		require.Equal(t, want, got[0], target)
		path, _, _ := strings.Cut(strings.TrimPrefix(want, "http://Hooks.Example.COM:8443"), "?")
		path, _, _ = strings.Cut(path, "#")
		require.Equal(t, path, got[1], target)
	}
	got := result[[]any](t, f.sent("POST http://hooks.example.com/api/v1/h/see?a=%zz HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: 0\r\n\r\n"))
	require.Equal(t, "http://hooks.example.com/api/v1/h/see?a=%zz", got[0], "as to a proxy")
	got = result[[]any](t, f.sent("GET /api/v1/h/see/100%25%20%zz%FC HTTP/1.1\r\nHost: h\r\n\r\n"))
	require.Equal(t, map[string]any{"id": "100% %zzü"}, got[2])
}

// Two calls that differ in how their query is written are two calls.
func TestAKeyIsForTheURLByteForByte(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("see", "def see(input):\n    return input['url']")
	f.webhook(`{"path":"see","function_name":"see"}`)
	call := func(target string) answer {
		return f.sent("POST " + target + " HTTP/1.1\r\nHost: h\r\nIdempotency-Key: k\r\nContent-Length: 0\r\n\r\n")
	}
	require.Equal(t, http.StatusOK, call("/api/v1/h/see?a=%7e").StatusCode)
	require.Equal(t, "true", call("/api/v1/h/see?a=%7e").Header.Get("Idempotent-Replayed"))
	for _, other := range []string{"/api/v1/h/see?a=%7E", "/api/v1/h/see?a=~", "/api/v1/h/see/?a=%7e", "/api/v1/h/see?a=%7e&"} {
		require.Equal(t, http.StatusUnprocessableEntity, call(other).StatusCode, other)
	}
}

const typedSchema = `"input_schema":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"n":{"type":"integer"}}}`

// HEAD is what GET is, without the body (RFC 9110, section 9.3.2).
func TestHeadRunsWhatGetRuns(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("typed", "def typed(input):\n    return input", typedSchema)
	f.function("method", "import maestro\ndef method(input):\n    return maestro.Response('body of ' + input['method'], 200, {'X-Method': input['method']})")
	f.function("other", "import maestro\ndef other(input):\n    return maestro.Response('x', 299)")
	for _, method := range []string{"GET", "ANY", "DELETE"} {
		f.webhook(`{"path":"typed/` + method + `","function_name":"typed","http_method":"` + method + `"}`)
	}
	f.webhook(`{"path":"method","function_name":"method","http_method":"GET","response_mode":"raw"}`)
	f.webhook(`{"path":"method","function_name":"other","http_method":"ANY","response_mode":"raw"}`)
	f.webhook(`{"path":"own","function_name":"method","http_method":"GET","response_mode":"raw"}`)
	f.webhook(`{"path":"own","function_name":"other","http_method":"HEAD","response_mode":"raw"}`)
	f.webhook(`{"path":"post","function_name":"method"}`)
	for _, call := range []string{"HEAD /api/v1/h/typed/GET?name=x&n=1", "HEAD /api/v1/h/typed/ANY?name=x&n=1"} {
		require.Empty(t, f.must(ask{call: call, token: "-", status: 200}).text)
	}
	f.all([]ask{
		{call: "GET /api/v1/h/typed/GET?name=x&n=1", token: "-", status: 200, want: []string{`"result":{"name":"x","n":1}`}},
		{call: "DELETE /api/v1/h/typed/DELETE?name=x&n=1", token: "-", status: 200, want: []string{`"result":{"name":"x","n":1}`}},
		{call: "HEAD /api/v1/h/typed/GET", token: "-", status: 422},
		{call: "HEAD /api/v1/h/typed/DELETE?name=x", token: "-", status: 405},
		{call: "HEAD /api/v1/h/post", token: "-", status: 405},
		{call: "HEAD /api/v1/h/own", token: "-", status: 299},
	})
	got := f.must(ask{call: "HEAD /api/v1/h/method", token: "-", status: 200})
	require.Equal(t, "HEAD", got.Header.Get("X-Method"))
	require.Equal(t, "12", got.Header.Get("Content-Length"))
	require.Empty(t, got.text)
	refused := f.must(ask{call: "PUT /api/v1/h/own", token: "-", status: 405})
	require.Equal(t, "GET, HEAD", refused.Header.Get("Allow"))
	refused = f.must(ask{call: "PUT /api/v1/h/typed/GET", token: "-", status: 405})
	require.Equal(t, "GET, HEAD", refused.Header.Get("Allow"))
}

// Fields are text and know no lists; the schema says what they stand for.
func TestTypedFunctionsBehindFormsAndQueries(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const properties = `{"tags":{"type":"array","items":{"type":"string"}},"page":{"type":["integer","null"]},"deep":{"anyOf":[{"type":"boolean"},{"type":"null"}]},"price":{"$ref":"#/$defs/price"},"zip":{"type":"string"}}`
	const defs = `"$defs":{"price":{"type":"number"}}`
	f.function("typed", "def typed(input):\n    return input", `"input_schema":{"type":"object","properties":`+properties+`,`+defs+`}`)
	part := `{"type":"object","properties":` + properties + `}`
	f.function("whole", "def whole(input):\n    return [input['query'], input['body'], input['path_params']]",
		`"input_schema":{"type":"object","properties":{"body":`+part+`,"query":`+part+`,"path_params":{"type":"object","properties":{"page":{"type":"integer"},"ids":{"type":"array","items":{"type":"integer"}}}}},`+defs+`}`)
	f.webhook(`{"path":"typed","function_name":"typed","http_method":"ANY"}`)
	f.webhook(`{"path":"explicit","function_name":"typed","http_method":"ANY","input_mode":"body"}`)
	f.webhook(`{"path":"whole/{page}","function_name":"whole","http_method":"ANY"}`)
	f.webhook(`{"path":"whole/of/{ids}","function_name":"whole","http_method":"ANY"}`)
	const fields = "tags=a&page=2&deep=true&price=1.5&zip=01234"
	const want = `{"tags":["a"],"page":2,"deep":true,"price":1.5,"zip":"01234"}`
	form := []string{"Content-Type: application/x-www-form-urlencoded"}
	var parts bytes.Buffer
	writer := multipart.NewWriter(&parts)
	for field := range strings.SplitSeq(fields, "&") {
		name, value, _ := strings.Cut(field, "=")
		require.NoError(t, writer.WriteField(name, value))
	}
	require.NoError(t, writer.Close())
	multipart := []string{"Content-Type: " + writer.FormDataContentType()}
	f.all([]ask{
		{call: "GET /api/v1/h/typed?" + fields, token: "-", status: 200, want: []string{want}},
		{call: "POST /api/v1/h/typed", token: "-", header: form, body: fields, status: 200, want: []string{want}},
		{call: "POST /api/v1/h/explicit", token: "-", header: form, body: fields, status: 200, want: []string{want}},
		{call: "GET /api/v1/h/explicit?" + fields, token: "-", status: 200, want: []string{want}},
		{call: "POST /api/v1/h/typed", token: "-", header: multipart, body: parts.String(), status: 200, want: []string{want}},
		{call: "POST /api/v1/h/whole/7?" + fields, token: "-", header: form, body: fields, status: 200, want: []string{`[` + want + `,` + want + `,{"page":7}]`}},
		{call: "POST /api/v1/h/whole/7", token: "-", body: `{"zip":"1"}`, status: 200, want: []string{`[{},{"zip":"1"},{"page":7}]`}},
		{name: "a list of one in the path", call: "POST /api/v1/h/whole/of/7", token: "-", body: `{}`, status: 200, want: []string{`{"ids":[7]}`}},
		{name: "a body of JSON says itself", call: "POST /api/v1/h/typed", token: "-", body: `{"page":"2"}`, status: 422, want: []string{"input_invalid"}},
		{call: "GET /api/v1/h/typed?page=two", token: "-", status: 422, want: []string{"input_invalid"}},
		{call: "POST /api/v1/h/whole/seven", token: "-", header: form, body: fields, status: 422, want: []string{"input_invalid"}},
	})
	f.must(ask{call: "PUT /api/v1/functions/typed", body: `{"input_schema":{"type":"object","properties":{"page":{"type":"string"}}}}`, status: 200})
	f.must(ask{name: "the schema was changed", call: "GET /api/v1/h/typed?page=2", token: "-", status: 200, want: []string{`{"page":"2"}`}})
}

// Some senders name the charset where the coding belongs.
func TestACharsetIsNoContentEncoding(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", echoCode)
	f.webhook(`{"path":"echo","function_name":"echo"}`)
	f.all([]ask{
		{call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Encoding: UTF-8"}, body: `{"a":"ü"}`, status: 200, want: []string{`"body":{"a":"ü"}`}},
		{call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Encoding: nonsense"}, body: `{"a":1}`, status: 415},
	})
}
