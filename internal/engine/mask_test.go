package engine

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMask(t *testing.T) {
	t.Parallel()
	var none *mask
	require.Equal(t, "as it is", none.text("as it is"))
	require.Nil(t, newMask([]string{""}))
	short := newMask([]string{"a=1", "<&>"})
	require.Equal(t, "a=1", short.text("a=1"), "a short value would mask ordinary text")
	for value, want := range map[string]string{
		`{"cookie":"a=1","a=12":"xa=1"}`: `{"cookie":"***","a=12":"xa=1"}`,
		`["<&>","\u003c\u0026\u003e"]`:   `["***","***"]`,
	} {
		got := short.json([]byte(value))
		require.Equal(t, want, string(got))
		require.False(t, untouched(got, []byte(value)))
	}
	same := []byte(`{"a":1}`)
	require.True(t, untouched(short.json(same), same))
	m := newMask([]string{"password1", "password1-and-more", `quo"te\d`, "12345678", "zeile\nzwei"})
	require.Equal(t, "*** and ***", m.text("password1-and-more and password1"))
	cases := map[string]string{
		`{"a":"x password1 y"}`: `{"a":"x *** y"}`,
		`{"a":"quo\"te\\d"}`:    `{"a":"***"}`,
		`{"a":"zeile\nzwei!"}`:  `{"a":"***!"}`,
		`{"a":12345678}`:        `"***"`,
		`{"a":[1,2]}`:           `{"a":[1,2]}`,
	}
	for value, want := range cases {
		got := m.json([]byte(value))
		require.True(t, json.Valid(got))
		require.Equal(t, want, string(got))
	}
}
