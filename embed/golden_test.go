package embed

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

var update = flag.Bool("update", false, "write the golden results of testdata/functions anew: review the difference")

// TestGolden runs the programs of testdata/functions, which show what Python
// code may do here and the result. A case is a folder:
//
//   - name.py defines the function name; name_2.py is left for "define";
//   - case.json lists the actions, see goldenCase; without one main is called;
//   - result.json is the golden result: for each call its outcome, its steps
//     as a tree, and its output and log.
func TestGolden(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	folders, err := filepath.Glob("testdata/functions/*/*")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		name := strings.TrimPrefix(folder, "testdata/functions/")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runGolden(t, h, folder, strings.ReplaceAll(name, "/", "-"))
			path := filepath.Join(folder, "result.json")
			if *update {
				require.NoError(t, os.WriteFile(path, got, 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
		})
	}
}

// goldenCase is case.json.
type goldenCase struct {
	Do []goldenAction `json:"do"`
	// Unordered: threads and tasks begin steps and print in any order.
	Unordered bool `json:"unordered"`
	// Steps is "summary" where only the number and depth of steps is golden.
	Steps string `json:"steps"`
	// ObjectsOnly names functions that take and give objects only.
	ObjectsOnly []string `json:"objects_only"`
}

// goldenAction is a call, or a change of the stored code.
type goldenAction struct {
	Call    string          `json:"call"`
	Input   json.RawMessage `json:"input"`
	Request bool            `json:"request"` // the input has the shape of a request
	Define  string          `json:"define"`
	From    string          `json:"from"` // the file; by default Define + ".py"
	Remove  string          `json:"remove"`
}

// goldenResult is the recorded result of one call.
type goldenResult struct {
	Call     string          `json:"call"`
	Input    json.RawMessage `json:"input,omitempty"`
	Output   json.RawMessage `json:"output,omitempty"`
	Response bool            `json:"response,omitempty"`
	Failure  *goldenFailure  `json:"failure,omitempty"`
	Steps    any             `json:"steps,omitempty"`
	Log      []string        `json:"log,omitempty"`
}

type goldenFailure struct {
	Kind      string   `json:"kind"`
	Type      string   `json:"type"`
	Message   string   `json:"message"`
	Traceback []string `json:"traceback,omitempty"`
}

func runGolden(t *testing.T, h *Host, folder, tenant string) []byte {
	t.Helper()
	e := &goldenEngine{host: h, tenant: tenant, folder: folder, programs: map[string]*model.Program{}, versions: map[string]int{}}
	var c goldenCase
	if text, err := os.ReadFile(filepath.Join(folder, "case.json")); err == nil {
		require.NoError(t, json.Unmarshal(text, &c))
	}
	if c.Do == nil {
		c.Do = []goldenAction{{Call: "main"}}
	}
	e.objectsOnly = c.ObjectsOnly
	e.defineAll(t, c)
	results := []goldenResult{}
	for _, action := range c.Do {
		switch {
		case action.Define != "":
			e.define(t, action.Define, action.From)
		case action.Remove != "":
			e.remove(action.Remove)
		default:
			results = append(results, e.run(t, c, action))
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(results))
	return out.Bytes()
}

// run makes one call.
func (e *goldenEngine) run(t *testing.T, c goldenCase, action goldenAction) goldenResult {
	t.Helper()
	input := action.Input
	if input == nil {
		input = json.RawMessage("null")
	}
	run := &goldenRun{goldenEngine: e, function: e.program(action.Call)}
	require.NotNil(t, run.function, action.Call)
	outcome, err := e.host.Call(t.Context(), model.Call{
		Tenant: e.tenant, Program: run.function, Input: input, Request: action.Request,
		Deadline: time.Now().Add(time.Minute), Host: run,
	})
	require.NoError(t, err)
	result := goldenResult{Call: action.Call, Input: action.Input, Output: outcome.Output, Response: outcome.Response != nil}
	if outcome.Failure != nil {
		result.Failure = goldenFailureOf(outcome.Failure)
	}
	result.Steps, result.Log = run.record(c)
	return result
}

func goldenFailureOf(f *model.Failure) *goldenFailure {
	kinds := map[model.FailureKind]string{
		model.FailureException: "exception", model.FailureTimeout: "timeout", model.FailureCancelled: "cancelled",
		model.FailureInput: "input", model.FailureOutput: "output", model.FailureEngine: "engine",
	}
	g := &goldenFailure{Kind: kinds[f.Kind], Type: f.Type, Message: f.Message}
	if f.Traceback != "" {
		g.Traceback = strings.Split(strings.TrimSuffix(f.Traceback, "\n"), "\n")
	}
	return g
}
