package handlers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFunctionsAreImportedAsSiblings: an import of another function's module gives
// its classes, and for the function itself the sibling, in the version of the moment.
func TestFunctionsAreImportedAsSiblings(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	reserve := "VERSION = %d\nclass OutOfStock(ValueError):\n    pass\ndef reserve(input):\n    raise OutOfStock(f'version {VERSION}')\n"
	f.function("reserve", fmt.Sprintf(reserve, 1))
	for i, code := range []string{
		"from functions.reserve import reserve, OutOfStock, VERSION\ndef way_%d(input):\n    try:\n        return reserve(1)\n    except OutOfStock as error:\n        return [VERSION, str(error)]",
		"import functions.reserve as m\ndef way_%d(input):\n    try:\n        return m.reserve(1)\n    except m.OutOfStock as error:\n        return [m.VERSION, str(error)]",
		"from functions import reserve\ndef way_%d(input):\n    try:\n        return reserve(1)\n    except reserve.OutOfStock as error:\n        return [reserve.VERSION, str(error)]",
		"def way_%d(input):\n    from functions.reserve import OutOfStock, VERSION\n    try:\n        return reserve(1)\n    except OutOfStock as error:\n        return [VERSION, str(error)]",
	} {
		got := f.saved(fmt.Sprintf("way_%d", i), fmt.Sprintf(code, i))
		require.Contains(t, got.text, `"warnings":[]`, code)
	}
	for version := 1; version <= 3; version++ {
		for i := range 4 {
			run := f.must(f.run(fmt.Sprintf("way_%d", i), nil, 200, fmt.Sprintf(`"result":[%d,"version %[1]d"]`, version)))
			steps := f.must(ask{call: "GET /api/v1/executions/" + member(t, run.text, "execution_id") + "/steps", status: 200})
			require.Equal(t, 1, strings.Count(steps.text, `"function_name":"reserve"`), "way %d: %s", i, steps.text)
		}
		f.change("reserve", fmt.Sprintf(reserve, version+1))
	}
	got := f.must(ask{call: "GET /api/v1/functions/reserve", status: 200})
	require.Contains(t, got.text, `"called_by":["way_0","way_1","way_2","way_3"]`)
}

// saved saves a function and returns the response, with its warnings.
func (f *fixture) saved(name, code string) answer {
	f.t.Helper()
	body, err := json.Marshal(map[string]string{"name": name, "code": code})
	require.NoError(f.t, err)
	return f.must(ask{call: "POST /api/v1/functions", body: string(body), status: 201})
}

func TestImportsOfFunctionsThatAreNone(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.function("money", "RATE = 2", asModule)
	got := f.saved("misses", "import functions.absent\ndef misses(input):\n    return 1")
	require.Contains(t, got.text, "there is no function absent")
	got = f.saved("mistakes", "from functions.money import RATE\ndef mistakes(input):\n    return 1")
	require.Contains(t, got.text, "money is a stored module: import it by its name alone")
	f.function("functions", "def clean(x):\n    return x\n", asModule)
	got = f.saved("takes", "from functions import clean\ndef takes(input):\n    return clean(input)")
	require.Contains(t, got.text, `"warnings":[]`, "a stored module of that name comes first")
	require.Equal(t, "5", f.result("takes", 5))
	f.change("functions", "def clean(x):\n    return -x\n")
	require.Equal(t, "-5", f.result("takes", 5))
}

// TestHandlersOfLoggersAfterAChange: those that the code of a stored module adds are
// the newest version's only, whichever of the two changes.
func TestHandlersOfLoggersAfterAChange(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	module := "import logging\nlogging.getLogger('shop').addHandler(logging.NullHandler())\ndef configured(name):\n    log = logging.getLogger(name)\n    log.addHandler(logging.NullHandler())\n    return log\n"
	f.function("applog", module, asModule)
	code := "import logging, applog\nlog = applog.configured('orders')\ndef order(input):\n    return [len(log.handlers), len(logging.getLogger('shop').handlers)]\n"
	f.function("order", code)
	for i := range 3 {
		require.Equal(t, "[1,1]", f.result("order", nil))
		f.change("order", fmt.Sprintf("%s# %d\n", code, i))
		require.Equal(t, "[1,1]", f.result("order", nil))
		f.change("applog", fmt.Sprintf("%s# %d\n", module, i))
	}
}

// TestARunAndTheClassesThatItHasImported: while a run is under way that has the classes of
// a function, a change of that function does not reach it; one of its settings
// changes no class.
func TestARunAndTheClassesThatItHasImported(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	require.NoError(t, f.queue.Start(t.Context()))
	reserve := "class OutOfStock(ValueError):\n    pass\ndef reserve(input):\n    raise OutOfStock('version %d')\n"
	f.function("reserve", fmt.Sprintf(reserve, 1))
	f.function("gate", "def gate(input):\n    return False")
	f.function("order", `import time
from functions.reserve import OutOfStock
def order(input):
    caught = []
    while len(caught) < 2:
        from functions import reserve as module
        try:
            reserve(1)
        except OutOfStock as error:
            caught.append(str(error))
        try:
            module(1)
        except module.OutOfStock:
            pass
        while not gate(1):
            time.sleep(0.01)
    return caught
`)
	run := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"order","mode":"async"}`, status: 202})
	id := member(t, run.text, "execution_id")
	f.becomes(id, "running")
	require.Eventually(t, func() bool {
		return strings.Contains(f.do(ask{call: "GET /api/v1/executions/" + id + "/steps"}).text, `"gate"`)
	}, 10*time.Second, 20*time.Millisecond)
	f.change("reserve", fmt.Sprintf(reserve, 2))
	f.function("later", "from functions.reserve import OutOfStock\ndef later(input):\n    try:\n        return reserve(1)\n    except OutOfStock as error:\n        return str(error)")
	require.Equal(t, `"version 2"`, f.result("later", nil), "both versions are loaded")
	f.change("gate", "def gate(input):\n    return True")
	require.Contains(t, f.becomes(id, "completed").text, `"output_data":["version 1","version 1"]`)
	require.Equal(t, `["version 2","version 2"]`, f.result("order", nil))
	f.must(ask{call: "PUT /api/v1/functions/reserve", body: `{"description":"of the shop","timeout_seconds":5}`, status: 200})
	require.Equal(t, `["version 2","version 2"]`, f.result("order", nil))
}
