package payload

import (
	"encoding/json"
	"net/url"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// wideText is text in units of two or four bytes.
func wideText(text string, width int, big, marked bool) string {
	if marked {
		text = "\ufeff" + text
	}
	var units []uint32
	if width == 2 {
		for _, unit := range utf16.Encode([]rune(text)) {
			units = append(units, uint32(unit))
		}
	} else {
		for _, r := range text {
			units = append(units, uint32(r))
		}
	}
	var out []byte
	for _, unit := range units {
		for i := range width {
			shift := 8 * i
			if big {
				shift = 8 * (width - 1 - i)
			}
			out = append(out, byte(unit>>shift))
		}
	}
	return string(out)
}

func TestTextInItsCharset(t *testing.T) {
	t.Parallel()
	const xml = `<?xml version="1.0" encoding="UTF-16"?><a>ü€😀</a>`
	for _, c := range []struct{ contentType, body, want string }{
		{"text/xml; charset=utf-16", wideText(xml, 2, true, true), xml},
		{"text/xml; charset=utf-16", wideText(xml, 2, false, true), xml},
		{"text/xml; charset=utf-16", wideText(xml, 2, true, false), xml},
		{"text/xml; charset=utf-16", wideText(xml, 2, false, false), xml},
		{"text/xml; charset=utf-16le", wideText(xml, 2, false, false), xml},
		{"text/xml; charset=UTF-16BE", wideText(xml, 2, true, false), xml},
		{"text/plain; charset=utf-16", wideText("ü and more", 2, true, false), "ü and more"},
		{"text/plain; charset=utf-16le", wideText("中文", 2, false, false), "中文"},
		{"text/plain; charset=utf-16", "<a>UTF-8 that claims to be UTF-16: ü</a>", "<a>UTF-8 that claims to be UTF-16: ü</a>"},
		{"text/plain; charset=utf-32", wideText("ü", 4, true, false), "ü"},
		{"text/plain; charset=utf-32", wideText("ü.", 4, false, true), "ü."},
		{"application/xml", wideText(xml, 2, false, true), xml},
		{"application/xml", "<?xml version='1.0' encoding='ISO-8859-1'?><a>h\xe9</a>", "<?xml version='1.0' encoding='ISO-8859-1'?><a>hé</a>"},
		{"text/plain; charset=\"windows-1251\"", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"text/plain; charset='windows-1251'", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"text/plain;charset=Shift_JIS", "\x93\xfa\x96\x7b", "日本"},
		{"text/plain; format=flowed; charset=gb2312", "\xd6\xd0\xce\xc4", "中文"},
		{"text/plain; charset=utf8", "café", "café"},
		{"text/plain; charset=utf-8", "\xef\xbb\xbfcafé", "café"},
		{"text/plain; charset=latin1", "\xef\xbb\xbfcafé", "café"},
		{"text/plain; charset=nonsense", "café", "café"},
		{"text/csv", wideText("a;b\r\nü;1", 2, false, true), "a;b\r\nü;1"},
	} {
		got, err := read(c.contentType, c.body, nil)
		require.NoError(t, err)
		var object map[string]string
		require.NoError(t, json.Unmarshal([]byte(got), &object))
		require.Equal(t, map[string]string{"raw": c.want}, object, c.contentType)
	}
	for _, c := range []struct{ contentType, body string }{
		{"text/plain; charset=utf-8", "caf\xe9"},
		{"text/plain; charset=UTF8", "caf\xe9"},
		{"text/plain; charset=utf8", "caf\xe9"},
		{"text/plain; charset=utf-16", "\xfe\xff\x00"},
		{"text/plain; charset=utf-16", "\xfe\xff\xd8\x00\x00\x41"}, // half a pair
		{"text/plain; charset=shift_jis", "\x93\xff\xff"},
		{"", "\xff\xfe\x01\x00\x02\x00"},
	} {
		got, err := read(c.contentType, c.body, nil)
		require.NoError(t, err)
		require.Contains(t, got, `{"raw_base64":"`, "%s %q", c.contentType, c.body)
	}
}

func TestJSONUnderOtherNamesAndInOtherForms(t *testing.T) {
	t.Parallel()
	const object = `{"Type":"Notification","n":[1]}`
	for _, contentType := range []string{
		"text/plain; charset=UTF-8", "text/plain", "text/json", "application/x-json", "application/csp-report",
		"application/json charset=utf-8", "application/json, application/json", "application/json;", "APPLICATION/JSON;charset=UTF-8",
		`application/json; charset="utf-8"`, "application/json; charset=utf-8; charset=utf-8", "application/vnd.api+json; ext=\"https://x\"",
		"application/reports+json", "application/x-amz-json-1.1", "application/json-rpc", "application/x-www-form-urlencoded",
		"application/x-www-form-urlencoded; charset=UTF-8", "", "application/json; charset=nonsense", "application/json; charset=iso-8859-1",
	} {
		for _, body := range []string{object, "\n " + object + "\r\n"} {
			got, err := read(contentType, body, nil)
			require.NoError(t, err, contentType)
			require.Equal(t, body, got, contentType)
		}
		got, err := read(contentType, "\xef\xbb\xbf"+object, nil)
		require.NoError(t, err, contentType)
		require.Equal(t, object, got, contentType)
	}
	const accents = `{"name":"Jürgen 😀"}`
	for _, contentType := range []string{"application/json", "application/json; charset=utf-16", "text/plain", ""} {
		for _, width := range []int{2, 4} {
			for _, big := range []bool{true, false} {
				for _, marked := range []bool{true, false} {
					got, err := read(contentType, wideText(accents, width, big, marked), nil)
					require.NoError(t, err, "%s %d %v %v", contentType, width, big, marked)
					require.Equal(t, accents, got)
				}
			}
		}
	}
	got, err := read("application/json; charset=ISO-8859-1", "{\"a\":\"h\xe9\"}", nil)
	require.NoError(t, err)
	require.Equal(t, `{"a":"hé"}`, got)
	got, err = read("application/json; charset=ISO-8859-1", `{"a":"hé"}`, nil)
	require.NoError(t, err)
	require.Equal(t, `{"a":"hé"}`, got, "UTF-8 in spite of its label")
	for label, text := range map[string]string{"gbk": "\xd2\xbb", "GB2312": "\xd2\xbb", "gb18030": "\xd2\xbb", "big5": "\xa4@", "iso-2022-jp": "\x1b$B0l\x1b(B", "euc-jp": "\xb0\xec"} {
		got, err = read("application/json; charset="+label, `{"a":"`+text+`"}`, nil)
		require.NoError(t, err, label)
		require.Equal(t, `{"a":"一"}`, got, "%s: bytes that are UTF-8 as well", label)
		got, err = read("application/json; charset="+label, "\xef\xbb\xbf"+`{"a":"一"}`, nil)
		require.NoError(t, err, label)
		require.Equal(t, `{"a":"一"}`, got, "%s: marked as UTF-8", label)
	}
	for _, contentType := range []string{"text/plain", "application/csp-report"} {
		got, err = read(contentType, `{"a":`, nil)
		require.NoError(t, err, "it does not claim to be JSON")
		require.Equal(t, `{"raw":"{\"a\":"}`, got)
		got, err = read(contentType, `12`, nil)
		require.NoError(t, err)
		require.Equal(t, `{"raw":"12"}`, got, "no object, no array")
	}
	for _, contentType := range []string{"application/x-ndjson", "application/yaml", "text/html", "text/csv"} {
		got, err = read(contentType, object, nil)
		require.NoError(t, err)
		require.Contains(t, got, `{"raw":`, contentType)
	}
	for _, contentType := range []string{"text/json", "application/x-json", "application/json charset=utf-8", "application/ld+json"} {
		_, err = read(contentType, `{"a":`, nil)
		require.Equal(t, model.CodeMalformedBody, model.CodeOf(err), contentType)
	}
}

func TestFormsInTheirCharset(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct{ contentType, body, want string }{
		{form, "t=100%+sure+thing", `{"t":"100% sure thing"}`},
		{form, "t=Smith%u010D+%26+Co", `{"t":"Smith%u010D & Co"}`},
		{form, "t=5%&u=1&v=%4&w=%", `{"t":"5%","u":"1","v":"%4","w":"%"}`},
		{form, "t=a%2Bb+%zz", `{"t":"a+b %zz"}`},
		{form, "%=1&a%=2&b%20c=3", `{"%":"1","a%":"2","b c":"3"}`},
		{form, "n=J%FCrgen&m=J%C3%BCrgen", `{"n":"Jürgen","m":"Jürgen"}`},
		{form, "%E9=1&%E8=2", `{"é":"1","è":"2"}`},
		{form, "b=%81%8D%80", `{"b":"` + "\u0081\u008d€" + `"}`},
		{form + "; charset=ISO-8859-1", "n=J%FCrgen", `{"n":"Jürgen"}`},
		{form + "; charset=windows-1251", "n=%CF%F0&raw=\xcf\xf0", `{"n":"Пр","raw":"Пр"}`},
		{form + `; charset="Shift_JIS"`, "n=%93%FA%96%7B", `{"n":"日本"}`},
		{form + "; charset=Shift_JIS", "n=%93%FF", `{"n":"“ÿ"}`},
		{form + "; charset=utf8", "n=%C3%BC&m=%FC", `{"n":"ü","m":"ü"}`},
		{form, "_charset_=windows-1251&n=%CF%F0", `{"_charset_":"windows-1251","n":"Пр"}`},
		{form + "; charset=utf-8", "n=%93%FA%96%7B&_charset_=shift_jis", `{"n":"日本","_charset_":"shift_jis"}`},
		{form, "_charset_=nonsense&n=%C3%BC", `{"_charset_":"nonsense","n":"ü"}`},
		{form + "; charset=utf-16", "n=J%C3%BCrgen&ab=cd", `{"n":"Jürgen","ab":"cd"}`},
		{form + "; charset=utf-16", wideText("n=1&ab=ü", 2, false, true), `{"n":"1","ab":"ü"}`},
		{form + "; charset=utf-16le", "n=%FC%00r%00", `{"n":"ür"}`},
		{form, "\xef\xbb\xbfn=1", `{"n":"1"}`},
		{form, "a=1&a=2&a", `{"a":["1","2",""]}`},
		{form, "a[]=1&a[]=2&b[x]=3", `{"a[]":["1","2"],"b[x]":"3"}`},
		{form, "a=b=c&=x", `{"a":"b=c","":"x"}`},
	} {
		got, err := read(c.contentType, c.body, nil)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s %s", c.contentType, c.body)
	}
}

// FuzzUnescaped: what net/url can decode is decoded alike.
func FuzzUnescaped(f *testing.F) {
	f.Add([]byte("a%20b+%zz%"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := unescaped(text, true)
		if want, err := url.QueryUnescape(string(text)); err == nil {
			require.Equal(t, want, string(got))
		}
		require.LessOrEqual(t, len(got), len(text))
	})
}
