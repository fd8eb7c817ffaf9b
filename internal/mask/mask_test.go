package mask

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNothingToMask(t *testing.T) {
	t.Parallel()
	var none *Mask
	require.Equal(t, "as it is", none.Text("as it is"))
	require.Equal(t, `{}`, string(none.JSON([]byte(`{}`))))
	require.Nil(t, New([]string{"", "1234567", "äöüßé"}))
	require.Nil(t, NewWhole([]string{""}))
}

func TestShortValuesAreMaskedAsWholeStrings(t *testing.T) {
	t.Parallel()
	short := NewWhole([]string{"a=1", "<&>"})
	require.Equal(t, "a=1", short.Text("a=1"), "a short value would mask ordinary text")
	for value, want := range map[string]string{
		`{"cookie":"a=1","a=12":"xa=1"}`: `{"cookie":"***","a=12":"xa=1"}`,
		`["<&>","\u003c\u0026\u003e"]`:   `["***","***"]`,
	} {
		got := short.JSON([]byte(value))
		require.Equal(t, want, string(got))
		require.False(t, Untouched(got, []byte(value)))
	}
	same := []byte(`{"a":1}`)
	require.True(t, Untouched(short.JSON(same), same))
}

func TestText(t *testing.T) {
	t.Parallel()
	m := New([]string{"password1", "password1-and-more", "more-secrets", "it's \\ here", "first line\nsecond line\n", "p&ss w/rd?", "  padded-value\n", "schlüssel"})
	for text, want := range map[string]string{
		"password1-and-more and password1": "*** and ***",
		"password1-and-more-secrets!":      "***!", // two that overlap
		"xpassword1x":                      "x***x",
		`KeyError: "it's \\ here"`:         `KeyError: "***"`,
		"a first line alone":               "a *** alone",
		`'first line\nsecond line\n'`:      `'***'`,
		"https://h/?key=p%26ss+w%2Frd%3F":  "https://h/?key=***",
		"https://h/p&ss%20w%2Frd%3F/x":     "https://h/***/x",
		"<padded-value>":                   "<***>",
		`{"k": "schl\u00fcssel"}`:          `{"k": "***"}`, // a JSON text within a text
		"passwor":                          "passwor",
		"":                                 "",
	} {
		require.Equal(t, want, m.Text(text), text)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	m := New([]string{"password1", `quo"te\d/x`, "12345678", "zeile\nzwei", "schlüssel", `{"private": [1,2]}`})
	for value, want := range map[string]string{
		`{"a":"x password1 y"}`:                `{"a":"x *** y"}`,
		`{"password1":1}`:                      `{"***":1}`,
		`{"a":"quo\"te\\d/x"}`:                 `{"a":"***"}`,
		`{"a":"quo\"te\\d\/x"}`:                `{"a":"***"}`, // as PHP writes it
		`{"a":"\u0070assword1"}`:               `{"a":"***"}`,
		`{"a":"zeile\nzwei!"}`:                 `{"a":"***!"}`,
		`{"a":"schl\u00FCssel","b":"\n"}`:      `{"a":"***","b":"\n"}`,
		`{"a":12345678}`:                       `{"a":"***"}`,
		`[-12345678.5e3, 1]`:                   `["***", 1]`,
		`{"a":"{\"b\":\"quo\\\"te\\\\d/x\"}"}`: `{"a":"{\"b\":\"***\"}"}`, // JSON within JSON
		`{"a": {"private": [1,2]}}`:            `"***"`,
		`{"a":[1,2],"b":"1234567"}`:            `{"a":[1,2],"b":"1234567"}`,
		`"\ud800 password1"`:                   "\"\ufffd ***\"",
	} {
		got := m.JSON([]byte(value))
		require.True(t, json.Valid(got), value)
		require.Equal(t, want, string(got), value)
		require.Equal(t, value == want, string(got) == value)
	}
	same := []byte(`{"a":"\n"}`)
	require.True(t, Untouched(m.JSON(same), same))
}

// FuzzJSON: for every secret at every place the result is JSON without the secret.
func FuzzJSON(f *testing.F) {
	f.Add("password1", "x ", " y")
	f.Add("a\"b\\c\nd e", "\\", "\"")
	f.Add("12345678", "1", "2")
	f.Add("ääääääää", "ä", "\x00")
	f.Add("********", "*", "*")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		quoted, err := json.Marshal(before + secret + after)
		require.NoError(t, err)
		var plain string
		require.NoError(t, json.Unmarshal(quoted, &plain)) // as it is in UTF-8
		m := New([]string{secret})
		value := fmt.Appendf(nil, `{"a":[%s,1],%s:null}`, quoted, quoted)
		got := m.JSON(value)
		require.True(t, json.Valid(got), "%s", got)
		if m == nil || !strings.Contains(plain, secret) {
			return
		}
		require.False(t, Untouched(got, value))
		require.NotContains(t, m.Text(plain), secret)
		var read any
		require.NoError(t, json.Unmarshal(got, &read))
		if object, ok := read.(map[string]any); ok && !strings.Contains(stars, secret) && !strings.Contains(secret, stars) {
			require.NotContains(t, object["a"].([]any)[0], secret)
		}
	})
}

// BenchmarkJSON is the cost per byte of the masked JSON.
func BenchmarkJSON(b *testing.B) {
	value := []byte(`{"items":[` + strings.Repeat(`{"name":"a customer of ours","amount":1299.5,"note":"line\nline"},`, 200) + `null]}`)
	for _, count := range []int{0, 1, 10, 1000} {
		b.Run(fmt.Sprintf("%d secrets", count), func(b *testing.B) {
			var secrets []string
			for i := range count {
				secrets = append(secrets, fmt.Sprintf("%c-secret-value-%d", 'a'+i%26, i))
			}
			m := New(secrets)
			b.SetBytes(int64(len(value)))
			for b.Loop() {
				if !Untouched(m.JSON(value), value) {
					b.Fatal("masked")
				}
			}
		})
	}
}
