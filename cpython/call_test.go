package cpython

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCallAnswers(t *testing.T) {
	t.Parallel()
	st := setup(t, "hello", `def hello(input):
    return f"Hello, {input.get('name', 'World')}!"
`)
	require.Equal(t, `"Hello, Ada!"`, st.output("hello", `{"name": "Ada"}`))
	require.Equal(t, `"Hello, World!"`, st.output("hello", `{}`))
}

func TestSiblingCallIsAStep(t *testing.T) {
	t.Parallel()
	st := setup(t,
		"outer", `def outer(input):
    return {"got": inner({"n": input["n"] + 1})}
`,
		"inner", `def inner(input):
    return input["n"] * 2
`)
	require.JSONEq(t, `{"got": 10}`, st.output("outer", `{"n": 4}`))
	steps := st.taken()
	require.Len(t, steps, 1)
	require.Equal(t, "inner", steps[0].Name)
	require.JSONEq(t, `{"n": 5}`, steps[0].Input)
	require.Equal(t, "10", steps[0].Output)
	require.Nil(t, steps[0].Exception)
}
