package embed

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/embed/python"
)

// The stub of the module maestro says what the module has: names, parameters, docstrings.
func TestStubOfTheModule(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/stub_faults.py")
	require.NoError(t, err)
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "stub_faults", string(source))
	input, err := json.Marshal(python.Stub)
	require.NoError(t, err)
	outcome := e.call(t, "a", "stub_faults", string(input))
	require.Nil(t, outcome.Failure)
	require.JSONEq(t, "[]", string(outcome.Output))
}
