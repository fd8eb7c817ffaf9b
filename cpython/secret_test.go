package cpython

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecret(t *testing.T) {
	t.Parallel()
	st := setup(t, "reads", `import maestro
def reads(input):
    try:
        return maestro.secret(input)
    except Exception as error:
        return [type(error).__name__, isinstance(error, KeyError), str(error)]
`, "leaves", `import threading, maestro
GO, DONE, SEEN = threading.Event(), threading.Event(), []
def leaves(input):
    if input:
        GO.set()
        DONE.wait()
        return SEEN
    def late():
        GO.wait()
        try:
            SEEN.append(maestro.secret("KEY"))
        except RuntimeError as e:
            SEEN.append(str(e))
        DONE.set()
    threading.Thread(target=late).start()
`)
	require.JSONEq(t, `"the välue of KEY"`, st.output("reads", `"KEY"`))
	require.JSONEq(t, `""`, st.output("reads", `"EMPTY"`))
	require.JSONEq(t, `["SecretNotFound",true,"there is no secret lost"]`, st.output("reads", `"lost"`))
	require.JSONEq(t, `["TypeError",false,"maestro.secret() takes the name of a secret, not int"]`, st.output("reads", `1`))
	require.JSONEq(t, `["RuntimeError",false,"internal error: a fault in a callback"]`, st.output("reads", `"panics"`))
	require.Equal(t, "null", st.output("leaves", "false"))
	require.Equal(t, `["the execution is over"]`, st.output("leaves", "true"))
}
