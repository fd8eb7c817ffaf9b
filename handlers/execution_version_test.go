package handlers_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunOfAVersion(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("one", "def one(input: dict) -> int:\n    return helper(1)\n")
	f.function("helper", "def helper(input):\n    return input\n")
	f.must(ask{call: "PUT /api/v1/functions/one", body: `{"code":"def one(input: list) -> str:\n    return \"two\"\n"}`, status: 200})
	f.must(ask{call: "PUT /api/v1/functions/helper", body: `{"code":"def helper(input):\n    return input + 10\n"}`, status: 200})

	run := func(members string) ask {
		return ask{call: "POST /api/v1/executions", body: `{"function_name":"one",` + members + `}`, status: 200}
	}
	for range 2 {
		old := f.must(run(`"function_version":1,"input_data":{}`))
		require.Contains(t, old.text, `"result":11`, "its sibling is the current one")
		f.must(ask{call: "GET /api/v1/executions/" + old.Header.Get("X-Execution-ID"), status: 200, want: []string{`"function_version":1`}})
		f.must(run(`"function_version":2,"input_data":[]`))
		require.Contains(t, f.must(run(`"input_data":[]`)).text, `"result":"two"`)
	}
	refused := func(name, members string, status int, want ...string) {
		a := run(members)
		a.name, a.status, a.want = name, status, want
		f.must(a)
	}
	refused("its own schema counts", `"function_version":1,"input_data":[]`, 422, "input_invalid")
	refused("no such version", `"function_version":3`, 404, "version_not_found")
	refused("null is the current one", `"function_version":null,"input_data":{}`, 422, "input_invalid")
	refused("asynchronous", `"function_version":1,"mode":"async"`, 422, "/function_version")
	f.must(ask{call: "PUT /api/v1/functions/one", body: `{"is_active":false}`, status: 200})
	refused("switched off", `"function_version":1,"input_data":{}`, 409, "function_inactive")
	f.must(ask{call: "DELETE /api/v1/functions/one", status: 204})
	refused("deleted", `"function_version":1,"input_data":{}`, 404, "function_not_found")
	f.must(ask{name: "another subtenant", call: "POST /api/v1/executions", token: f.mint("other", false), body: `{"function_name":"helper","function_version":1}`, status: 404, want: []string{"function_not_found"}})
}

func TestRunOfAVersionWhosePackagesAreGone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	tenant := "default"
	f.function("uses", "def uses(input):\n    return 1\n")
	_, err := f.db.Pool().Exec(t.Context(), `UPDATE function_versions SET lock = '[{"name":"alpha","version":"1","sha256":"aa"}]' WHERE tenant = $1 AND version = 1`, tenant)
	require.NoError(t, err)
	f.must(ask{call: "PUT /api/v1/functions/uses", body: `{"code":"def uses(input):\n    return 2\n"}`, status: 200})
	f.must(ask{
		call: "POST /api/v1/executions", body: `{"function_name":"uses","function_version":1}`, status: 409,
		want: []string{"package_conflict", "needs the package alpha", "nothing ran"},
	})
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"uses"}`, status: 200, want: []string{`"result":2`}})
}
