package handlers_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const filesCode = `import maestro, zlib, struct, io, zipfile

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0\0\xff\0")) + chunk(b"IEND", b"")
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HTML = "<!doctype html><title>caf\u00e9</title>"

def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a.txt", "hello " * 1000)
    return out.getvalue()

def files(input):
    kind = input["path_params"]["kind"]
    if kind == "png":
        return maestro.Response(PNG, headers={"Content-Type": "image/png"})
    if kind == "pdf":
        return {"status_code": 200, "headers": {"content-type": "application/pdf", "Content-Disposition": 'attachment; filename="a.pdf"'}, "body": PDF}
    if kind == "zip":
        return maestro.Response(bytearray(archive()), 201, {"Content-Type": "application/zip"})
    if kind == "html":
        return maestro.Response(HTML.encode("latin-1"), headers={"Content-Type": "text/html; charset=iso-8859-1"})
    if kind == "text-html":
        return maestro.Response(HTML, headers={"Content-Type": "text/html; charset=utf-8"})
    if kind == "markup":
        return b"<html><script>alert(1)</script></html>"
    if kind == "view":
        return memoryview(PNG)
    if kind == "empty":
        return b""
    if kind == "nested":
        return {"file": b"\xff\xfe"}
    if kind == "text":
        return "aGk="
    if kind == "no-content":
        return maestro.Response(b"ignored", 204)
    return maestro.Response(b"ignored", 304, {"ETag": '"1"'})
`

func (f *fixture) files() {
	f.t.Helper()
	f.function("files", filesCode)
	f.webhook(`{"path":"files/{kind}","function_name":"files","http_method":"ANY","response_mode":"raw"}`)
	f.webhook(`{"path":"wrapped/{kind}","function_name":"files","http_method":"ANY"}`)
}

// Bytes leave as they are, for a client that looks at them.
func TestBytesAreAnsweredAsTheyAre(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.files()
	get := func(kind string, status int, media string) string {
		got := f.must(ask{call: "GET /api/v1/h/files/" + kind, token: "-", status: status})
		require.Equal(t, media, got.Header.Get("Content-Type"), kind)
		return got.text
	}
	picture, err := png.Decode(strings.NewReader(get("png", 200, "image/png")))
	require.NoError(t, err)
	require.Equal(t, 2, picture.Bounds().Dx())
	document := get("pdf", 200, "application/pdf")
	require.True(t, strings.HasPrefix(document, "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n") && strings.HasSuffix(document, "%%EOF\n"), "%q", document)
	text := get("zip", 201, "application/zip")
	archive, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
	require.NoError(t, err)
	file, err := archive.Open("a.txt")
	require.NoError(t, err)
	content, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Len(t, content, 6000)
	require.Equal(t, "<!doctype html><title>caf\xe9</title>", get("html", 200, "text/html; charset=iso-8859-1"))
	require.Equal(t, "<!doctype html><title>café</title>", get("text-html", 200, "text/html; charset=utf-8"))
	require.Equal(t, "<html><script>alert(1)</script></html>", get("markup", 200, "application/octet-stream"), "never guessed at")
	require.Contains(t, get("view", 200, "application/octet-stream"), "\x89PNG")
	require.Empty(t, get("empty", 200, "application/octet-stream"))
	require.Equal(t, `{"file":"//4="}`, get("nested", 200, "application/json"))
	require.Equal(t, "aGk=", get("text", 200, "text/plain; charset=utf-8"))
	for kind, status := range map[string]int{"no-content": 204, "not-modified": 304} {
		got := f.must(ask{call: "GET /api/v1/h/files/" + kind, token: "-", status: status})
		require.Empty(t, got.text)
	}
	head := f.must(ask{call: "HEAD /api/v1/h/files/png", token: "-", status: 200})
	require.Equal(t, "image/png", head.Header.Get("Content-Type"))
	require.Positive(t, head.ContentLength)
	require.Empty(t, head.text)
	f.function("later", "async def later(input):\n    return b'\\xff\\xfe'")
	f.webhook(`{"path":"later","function_name":"later","response_mode":"raw"}`)
	require.Equal(t, "\xff\xfe", f.must(ask{name: "of an async function", call: "POST /api/v1/h/later", token: "-", status: 200}).text)
	// In the envelope they are text, as in every result.
	require.Equal(t, "//4=", result[map[string]string](t, f.must(ask{call: "GET /api/v1/h/wrapped/nested", token: "-", status: 200}))["file"])
	require.True(t, strings.HasPrefix(result[string](t, f.must(ask{call: "GET /api/v1/h/wrapped/view", token: "-", status: 200})), "iVBORw0KGgo"))
}

// Bytes that were sent are recorded by their size and digest.
func TestBytesAreRecordedByTheirDigest(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.files()
	type record struct {
		Output   json.RawMessage `json:"output_data"`
		Complete bool            `json:"record_complete"`
	}
	recorded := func(a answer) (r record) {
		got := f.must(ask{call: "GET /api/v1/executions/" + a.Header.Get("X-Execution-ID"), status: 200})
		require.NoError(t, json.Unmarshal([]byte(got.text), &r))
		return r
	}
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return `{"bytes":` + string(must(json.Marshal(len(text)))) + `,"sha256":"` + hex.EncodeToString(sum[:]) + `"}`
	}
	view := f.must(ask{call: "GET /api/v1/h/files/view", token: "-", status: 200})
	require.JSONEq(t, digest(view.text), string(recorded(view).Output))
	require.False(t, recorded(view).Complete)
	for _, kind := range []string{"png", "pdf"} {
		got := f.must(ask{call: "GET /api/v1/h/files/" + kind, token: "-", status: 200})
		var shown struct{ Body json.RawMessage }
		require.NoError(t, json.Unmarshal(recorded(got).Output, &shown))
		require.JSONEq(t, digest(got.text), string(shown.Body), kind)
	}
	require.JSONEq(t, `{"file":"//4="}`, string(recorded(f.must(ask{call: "GET /api/v1/h/files/nested", token: "-", status: 200})).Output))
	wrapped := recorded(f.must(ask{call: "GET /api/v1/h/wrapped/view", token: "-", status: 200}))
	require.Contains(t, string(wrapped.Output), "iVBORw0KGgo")
	require.True(t, wrapped.Complete)
}

// A repeat gets the same bytes.
func TestAnswersOfBytesAreReplayed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.files()
	for _, kind := range []string{"png", "pdf", "view", "empty"} {
		a := ask{call: "POST /api/v1/h/files/" + kind, token: "-", header: []string{"Idempotency-Key: " + kind}, status: 200}
		first, again := f.must(a), f.must(a)
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
		require.Equal(t, first.text, again.text)
		require.Equal(t, first.Header.Get("Content-Type"), again.Header.Get("Content-Type"))
	}
	require.Equal(t, 4, f.runs("files"))
}

// curl is what people try first.
func TestCurlGetsTheBytes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.files()
	want := f.must(ask{call: "GET /api/v1/h/files/png", token: "-", status: 200}).text
	curl, err := exec.LookPath("curl")
	if err != nil {
		client := &http.Client{Transport: &http.Transport{}} // where there is none, another client
		response, err := client.Get(f.url + "/api/v1/h/files/png")
		require.NoError(t, err)
		got, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want, string(got))
		return
	}
	path := filepath.Join(t.TempDir(), "a.png")
	out, err := exec.CommandContext(context.Background(), curl, "-sS", "-f", "--max-time", "20", "-o", path, "-w", "%{http_code} %{content_type} %{size_download}", f.url+"/api/v1/h/files/png").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.True(t, bytes.HasPrefix(out, []byte("200 image/png ")), "%s", out)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}
