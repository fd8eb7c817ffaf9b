package payload

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// The head of a part is parsed for every sender; the part never loses its name.
func TestHeadsOfParts(t *testing.T) {
	t.Parallel()
	file := func(name string) string {
		return `{"f":{"filename":` + string(AppendString(nil, name)) + `,"content_type":"text/plain","raw_base64":"aGk="}}`
	}
	for _, c := range []struct{ disposition, want string }{
		{`form-data; name="f"; filename="x.txt"`, file("x.txt")},
		{`form-data; name="f"; filename="say "hello" twice.txt"`, file(`say "hello" twice.txt`)},
		{`form-data; name="f"; filename="a"b"`, file(`a"b`)},
		{`form-data; filename="a; b=c.txt"; name="f"`, file("a; b=c.txt")},
		{`form-data; name="f"; filename="a"; b.txt"`, file(`a"; b.txt`)},
		{`form-data; name="f"; filename=my file.txt`, file("my file.txt")},
		{`form-data; name=f; filename=x.txt`, file("x.txt")},
		{`form-data; name=f;filename=x.txt;`, file("x.txt")},
		{`form-data; name="f"; filename="no end.txt`, file("no end.txt")},
		{`form-data; name="f"; filename="C:\docs\new.txt"`, file(`C:\docs\new.txt`)},
		{`form-data; name="f"; filename="C:\docs\"`, file(`C:\docs\`)},
		{`form-data; name="f"; filename="a\"b\\c.txt"`, file(`a"b\c.txt`)},
		{`form-data; name="f"; filename="a%22b%0D%0A100%25.txt"`, file("a\"b\r\n100%25.txt")},
		{`form-data; name="f"; filename="folder/sub/x.txt"`, file("x.txt")},
		{`form-data; name="f"; filename="../../etc/passwd"`, file("passwd")},
		{`form-data; name="f"; filename="naïve – 日本.txt"`, file("naïve – 日本.txt")},
		{"form-data; name=\"f\"; filename=\"caf\xe9.txt\"", file("café.txt")},
		{`form-data; name="f"; filename="x.txt"; filename*=UTF-8''na%C3%AFve%20%22.txt`, file(`naïve ".txt`)},
		{`form-data; name="f"; filename*=utf-8'en'na%C3%AFve.txt; filename="x.txt"`, file("naïve.txt")},
		{`form-data; name="f"; filename*=iso-8859-1''caf%E9.txt`, file("café.txt")},
		{`form-data; name="f"; filename*0="part one "; filename*1="and two.txt"`, file("part one and two.txt")},
		{`form-data; name="f"; filename*0*=UTF-8''na%C3; filename*1*=%AFve; filename*2=".txt"`, file("naïve.txt")},
		{`form-data; name="f"; filename="=?UTF-8?B?bmHDr3ZlLnR4dA==?="`, file("naïve.txt")},
		{`form-data; name="f"; filename="=?iso-8859-1?Q?caf=E9?= =?iso-8859-1?Q?_bar.txt?="`, file("café bar.txt")},
		{`attachment; name="f"; filename="x.txt"`, file("x.txt")},
		{`FORM-DATA; NAME="f"; FileName="x.txt"`, file("x.txt")},
		{`form-data ; name = "f" ; filename = "x.txt"`, file("x.txt")},
		{`form-data name="f"; filename="x.txt"`, file("x.txt")},
		{"form-data;\n name=\"f\";\n\tfilename=\"x.txt\"", file("x.txt")},
		{`form-data; filename="x.txt"`, strings.Replace(file("x.txt"), `"f"`, `""`, 1)},
		{`form-data; name="f"; filename=""`, `{"f":"hi"}`},
		{`form-data; name="f"`, `{"f":"hi"}`},
		{`form-data; name="a"b"`, `{"a\"b":"hi"}`},
		{`form-data; name="a%22b"`, `{"a\"b":"hi"}`},
		{`form-data; name="a b; c"`, `{"a b; c":"hi"}`},
		{`form-data; name=""`, `{"":"hi"}`},
		{"form-data; name=\"gr\xfc\xdfe\"", `{"grüße":"hi"}`},
		{`form-data; name*=UTF-8''gr%C3%BC%C3%9Fe`, `{"grüße":"hi"}`},
	} {
		for _, newline := range []string{"\r\n", "\n"} {
			body := strings.ReplaceAll("--B\nContent-Type: text/plain\nContent-Disposition: "+c.disposition+"\n\nhi\n--B--\n", "\n", newline)
			got, err := read("multipart/form-data; boundary=B", body, nil)
			require.NoError(t, err, c.disposition)
			require.Equal(t, c.want, got, c.disposition)
		}
	}
}

func TestBoundariesAsMailLibrariesWriteThem(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 69) + "?"
	for _, c := range []struct{ contentType, boundary string }{
		{`multipart/form-data; boundary="----=_Part_1_2.3=?:/"`, "----=_Part_1_2.3=?:/"},
		{`multipart/form-data; boundary=----=_Part_1_2.3=?:/`, "----=_Part_1_2.3=?:/"},
		{`multipart/form-data; boundary="with some spaces"`, "with some spaces"},
		{`multipart/form-data; boundary=with some spaces`, "with some spaces"},
		{`multipart/form-data;boundary="` + long + `"; charset=utf-8`, long},
		{`Multipart/Form-Data; charset=utf-8; Boundary='()+_,-./:=?`, `'()+_,-./:=?`},
		{`multipart/form-data, boundary=B`, "B"},
		{`multipart/form-data; boundary*0="first-"; boundary*1="second"`, "first-second"},
	} {
		for _, newline := range []string{"\r\n", "\n"} {
			for _, form := range []string{
				"--#\n%a\n\n1\n--#\n%b\n\n2\n\n3\n--#--\n",
				"a preamble\n--#\n%a\n\n1\n--#\n%b\n\n2\n\n3\n--#--\nan epilogue\n--#\n%c\n\n",
				"\n--# \t\n%a\n\n1\n--#\t\n%b\n\n2\n\n3\n--#--",
				"--#\n%a\n\n1\n--#\n%b\n\n2\n\n3\n--#-- ",
			} {
				body := strings.NewReplacer("\n", newline, "#", c.boundary,
					"%a", `Content-Disposition: form-data; name="a"`, "%b", `content-disposition:form-data;name=b`).Replace(form)
				got, err := read(c.contentType, body, nil)
				require.NoError(t, err, "%s %q", c.contentType, body)
				require.Equal(t, string(AppendString([]byte(`{"a":"1","b":`), "2"+newline+newline+"3"))+"}", got, "%s %q", c.contentType, body)
			}
		}
	}
	for name, c := range map[string]struct{ body, want string }{
		"no part":                    {"--B--", `{}`},
		"an empty part":              {"--B\r\n\r\n\r\n--B--", `{"":""}`},
		"no content":                 {"--B\nContent-Disposition: form-data; name=a\n\n--B--", `{"a":""}`},
		"no empty line":              {"--B\nContent-Disposition: form-data; name=a\n--B--", `{"a":""}`},
		"a longer line":              {"--B\nContent-Disposition: form-data; name=a\n\n--BC\n --B\n--B--", `{"a":"--BC\n --B"}`},
		"a line like the last one":   {"--B\nContent-Disposition: form-data; name=a\n\n--B--x\n--B---\n--B-- x\n--B\nContent-Disposition: form-data; name=b\n\n1\n--B--", `{"a":"--B--x\n--B---\n--B-- x","b":"1"}`},
		"padding behind the last":    {"--B\nContent-Disposition: form-data; name=a\n\n1\n--B--  \t\nmore\n--B", `{"a":"1"}`},
		"heads that are none":        {"--B\nnonsense\nContent-Disposition: form-data; name=a\n\n1\n--B--", `{"a":"1"}`},
		"a list":                     {"--B\nContent-Disposition: form-data; name=a\n\n1\n--B\nContent-Disposition: form-data; name=a\n\n2\n--B--", `{"a":["1","2"]}`},
		"base64":                     {"--B\nContent-Disposition: form-data; name=a\nContent-Transfer-Encoding: BASE64\n\naGk\nh\n--B--", `{"a":"hi!"}`},
		"base64 that is none":        {"--B\nContent-Disposition: form-data; name=a\nContent-Transfer-Encoding: base64\n\nhi!\n--B--", `{"a":"hi!"}`},
		"quoted-printable":           {"--B\nContent-Disposition: form-data; name=a\nContent-Transfer-Encoding: quoted-printable\n\nh=C3=A9=\n!\n--B--", `{"a":"hé!"}`},
		"its own charset":            {"--B\nContent-Disposition: form-data; name=a\nContent-Type: text/plain; charset=\"ISO-8859-1\"\n\nh\xe9\n--B--", `{"a":"hé"}`},
		"its own UTF-16":             {"--B\nContent-Disposition: form-data; name=a\nContent-Type: text/plain; charset=utf-16\n\n\xfe\xff\x00h\x00\xe9\n--B--", `{"a":"hé"}`},
		"no charset, not UTF-8":      {"--B\nContent-Disposition: form-data; name=a\n\nh\xe9\n--B--", `{"a":"hé"}`},
		"the form's charset":         {"--B\nContent-Disposition: form-data; name=_charset_\n\nwindows-1251\n--B\nContent-Disposition: form-data; name=\xe0\n\n\xcf\xf0\n--B--", `{"_charset_":"windows-1251","а":"Пр"}`},
		"binary without a file name": {"--B\nContent-Disposition: form-data; name=a\nContent-Type: application/octet-stream\n\n\xff\xfe\n--B--", `{"a":{"raw_base64":"//4="}}`},
		"binary without a type":      {"--B\nContent-Disposition: form-data; name=a\n\n\x89PNG\x00\n--B--", `{"a":{"raw_base64":"iVBORwA="}}`},
	} {
		got, err := read("multipart/form-data; boundary=B", c.body, nil)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	for name, body := range map[string]string{
		"cut off":           "--B\nContent-Disposition: form-data; name=a\n\n1",
		"nothing but text":  "x",
		"another boundary":  "--C\n\n\n--C--",
		"a very long head":  "--B\nX: y\n" + strings.Repeat(" z\n", 1<<20) + "\n\n--B--",
		"too many parts":    strings.Repeat("--B\n\n\n", MaxFields+2) + "--B--",
		"the last cut away": "--B\nContent-Disposition: form-data; name=a\n\n1\n--B\n",
	} {
		_, err := read("multipart/form-data; boundary=B", body, nil)
		require.Contains(t, []model.Code{model.CodeMalformedBody, model.CodeBadRequest}, model.CodeOf(err), name)
	}
}

// FuzzMultipart: what the standard library reads of a multipart body is read
// alike, and nothing is read of it that is no JSON.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte(crlf("--B\nContent-Disposition: form-data; name=\"a\"\n\n1\n--B\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\n\nhi\n--B--\n")))
	f.Add([]byte("pre\n--B \nContent-Disposition: form-data; name=a\n\n\n--B--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := read("multipart/form-data; boundary=B", string(body), nil)
		if err == nil && len(body) > 0 {
			require.NoError(t, CheckJSON([]byte(got), model.CodeInvalid), "%s", got)
		}
		if bytes.Contains(bytes.ReplaceAll(body, []byte("\r\n"), nil), []byte("\n")) || !bytes.HasPrefix(body, []byte("--B\r\n")) || bytes.Contains(body, []byte("Transfer")) {
			return // ours takes what theirs does not
		}
		var theirs [][]byte
		for reader := multipart.NewReader(bytes.NewReader(body), "B"); ; {
			part, err := reader.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return
			}
			content, err := io.ReadAll(part)
			if err != nil {
				return
			}
			theirs = append(theirs, content)
		}
		ours, whole, err := splitParts(body, "B")
		if err != nil || !whole {
			return
		}
		require.Len(t, ours, len(theirs))
		for i := range ours {
			require.Equal(t, string(theirs[i]), string(ours[i].content))
		}
	})
}
