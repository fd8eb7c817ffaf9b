package signature

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConfigJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"scheme":"github","secret_name":"GITHUB"}`,
		`{"scheme":"stripe","secret_name":["OLD","NEW"]}`,
		`{"scheme":"hmac-sha256","secret_name":"A","header":"X-Sig"}`,
	} {
		var c Config
		require.NoError(t, json.Unmarshal([]byte(text), &c))
		require.Empty(t, c.Validate(), text)
		again, err := json.Marshal(c)
		require.NoError(t, err)
		require.JSONEq(t, text, string(again))
	}
	for _, text := range []string{`{"secret_name":7}`, `{"secret_name":null}`, `{"secret_name":["a",null]}`, `{"secret_name":{"a":1}}`} {
		require.Error(t, json.Unmarshal([]byte(text), &Config{}), text)
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		config   Config
		pointers []string
	}{
		{Config{}, []string{"/scheme", "/secret_name"}},
		{Config{Scheme: "GitHub", SecretNames: SecretNames{"a"}}, []string{"/scheme"}},
		{Config{Scheme: GitHub, SecretNames: SecretNames{""}}, []string{"/secret_name"}},
		{Config{Scheme: GitHub, SecretNames: SecretNames{"a", "b", "a"}}, []string{"/secret_name/2"}},
		{Config{Scheme: GitHub, SecretNames: strings.Split("a b c d e f g h i j k", " ")}, []string{"/secret_name"}},
		{Config{Scheme: GitHub, SecretNames: SecretNames{"a"}, Header: "X-Sig"}, []string{"/header"}},
		{Config{Scheme: HMACSHA256, SecretNames: SecretNames{"a"}}, []string{"/header"}},
		{Config{Scheme: HMACSHA256, SecretNames: SecretNames{"a"}, Header: "X Sig"}, []string{"/header"}},
		{Config{Scheme: HMACSHA256, SecretNames: SecretNames{"a"}, Header: "content-type"}, []string{"/header"}},
	} {
		var pointers []string
		for _, problem := range test.config.Validate() {
			require.NotEmpty(t, problem.Message)
			pointers = append(pointers, problem.Pointer)
		}
		require.Equal(t, test.pointers, pointers, "%+v", test.config)
	}
}

// Every scheme masks the header in which its own example carries a signature.
func TestHeaderNames(t *testing.T) {
	t.Parallel()
	for _, scheme := range Schemes {
		c := known(scheme)
		names := c.config.HeaderNames()
		require.NotEmpty(t, names, scheme)
		require.Contains(t, c.headers, names[0], scheme)
	}
	require.Nil(t, Config{}.HeaderNames())
}
