package main

import (
	"bytes"
	"cmp"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// fewPackages are the ones of testdata/packages that each test run tries. PACKAGES names
// others, `all` stands for each (make packages).
const fewPackages = "pydantic,numpy,orjson"

// Packages that refuse sub-interpreters are installed with nothing to configure, and used
// by functions that call a sibling: in the process lane, each in a subtenant of its own.
func TestPackagesThatRefuseSubInterpreters(t *testing.T) {
	t.Parallel()
	wanted := strings.Split(cmp.Or(os.Getenv("PACKAGES"), fewPackages), ",")
	programs, err := filepath.Glob("testdata/packages/*.py")
	require.NoError(t, err)
	p := start(t, testkit.DataDir(t), append(fromPyPI(), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))...)
	tried := 0
	for _, program := range programs {
		name := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(program), ".py"), "_", "-")
		if !slices.Contains(wanted, name) && wanted[0] != "all" {
			continue
		}
		tried++
		code, err := os.ReadFile(program)
		require.NoError(t, err)
		c, began := p.client(t, name), time.Now()
		r := c.awaited(c.send("POST", "/api/v1/packages", map[string]any{"package_name": name}))
		if strings.Contains(string(r.body), `"unavailable"`) {
			t.Skipf("PyPI can't be reached from here: %s", r.body)
		}
		require.Equal(t, http.StatusCreated, r.status, "%s: %s", name, r.body)
		installed := r.json(t)
		require.Equal(t, "process", installed["lane"], "%s: %s", name, r.body)
		took := time.Since(began)
		c.define("double", "def double(input):\n    if isinstance(input, dict):\n        return {k: v * 2 for k, v in input.items()}\n"+
			"    if isinstance(input, list):\n        return [double(v) if isinstance(v, list) else v * 2 for v in input]\n    return input * 2\n")
		c.define("use", string(code))
		c.want("POST", "/api/v1/webhooks", map[string]any{"path": name, "function_name": "use", "response_mode": "raw", "input_mode": "body"}, http.StatusCreated)
		var calls []time.Duration
		for range 2 { // the first one imports it
			began = time.Now()
			r = c.send("POST", "/api/v1/h/"+name, map[string]any{})
			calls = append(calls, time.Since(began).Round(time.Millisecond))
			require.Equal(t, http.StatusOK, r.status, "%s: %s", name, r.body)
			if name == "matplotlib" {
				require.Equal(t, "image/png", r.header.Get("Content-Type"))
				image, err := png.Decode(bytes.NewReader(r.body))
				require.NoError(t, err)
				require.Greater(t, image.Bounds().Dx(), 100)
			} else {
				require.Equal(t, "true", strings.TrimSpace(string(r.body)), name)
			}
			id := r.header.Get("X-Execution-ID")
			require.Equal(t, "process", c.send("GET", "/api/v1/executions/"+id, nil).json(t)["lane"], name)
			require.Contains(t, string(c.send("GET", "/api/v1/executions/"+id+"/steps", nil).body), `"function_name":"double"`, name)
		}
		t.Logf("%s %v: installed in %v, the first call took %v, the second one %v", name, installed["version"], took.Round(100*time.Millisecond), calls[0], calls[1])
	}
	if wanted[0] == "all" {
		require.Equal(t, len(programs), tried)
	} else {
		require.Equal(t, len(wanted), tried, "PACKAGES names those of testdata/packages")
	}
}
