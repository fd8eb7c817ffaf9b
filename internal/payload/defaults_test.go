package payload

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultsUnderABody(t *testing.T) {
	t.Parallel()
	d := NewDefaults(json.RawMessage(`{"a": 1, "b": {"x": 2}}`))
	for body, want := range map[string]string{
		`{}`:              `{"a":1,"b":{"x": 2}}`,
		` {"c": 3} `:      `{"a":1,"b":{"x": 2},"c": 3} `,
		`{"a": null}`:     `{"b":{"x": 2},"a": null}`,
		`{"a":0,"b":"y"}`: `{"a":0,"b":"y"}`,
		`[1]`:             `[1]`,
		`"a"`:             `"a"`,
	} {
		require.Equal(t, want, string(d.Under([]byte(body))))
	}
	require.Nil(t, NewDefaults(nil))
	require.Nil(t, NewDefaults(json.RawMessage(`{}`)))
	var none *Defaults
	require.Equal(t, `{}`, string(none.Under([]byte(`{}`))))
}
