package payload

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// read is ReadBody with a form as JSON.
func read(contentType, body string, declared *Declared) (string, error) {
	got, err := ReadBody(contentType, []byte(body))
	if got.IsForm && err == nil {
		return string(AppendFields(nil, got.Fields, declared, nil)), nil
	}
	return string(got.JSON), err
}

func TestReadBody(t *testing.T) {
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
			got, err := read(test.contentType, test.body, nil)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestReadBodyRefuses(t *testing.T) {
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
		{"too many fields", "application/x-www-form-urlencoded", strings.Repeat("a&", MaxFields+1), "fields", model.CodeBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(test.contentType, test.body, nil)
			require.Equal(t, test.code, model.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, test.says)
		})
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
