package lanetest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// Folders returns the folders of the programs, in the checkout's folder embed.
func Folders(t testing.TB, embed string) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(embed, "testdata/functions/*/*"))
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	return folders
}

// Name is that of a program: the last two parts of its folder.
func Name(folder string) string {
	return filepath.Join(filepath.Base(filepath.Dir(folder)), filepath.Base(folder))
}

// Golden runs the program of a folder:
//
//   - name.py defines the function name; name_2.py is left for "define";
//   - case.json lists the actions, see golden; without one main is called;
//   - result.json is the golden result: for each call its outcome, its steps
//     as a tree, and its output and log.
//
// With update the result is written, and the difference is to be reviewed.
func Golden(t *testing.T, lane Lane, compiler Compiler, folder string, update bool) {
	t.Helper()
	got := results(t, lane, compiler, folder)
	path := filepath.Join(folder, "result.json")
	if update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// golden is case.json.
type golden struct {
	Do []action `json:"do"`
	// Unordered: threads and tasks begin steps and print in any order.
	Unordered bool `json:"unordered"`
	// Steps is "summary" where only the number and depth of steps is golden.
	Steps string `json:"steps"`
	// ObjectsOnly names functions that take and give objects only.
	ObjectsOnly []string `json:"objects_only"`
}

// action is a call, or a change of the stored code.
type action struct {
	Call    string          `json:"call"`
	Input   json.RawMessage `json:"input"`
	Request bool            `json:"request"` // the input has the shape of a request
	Define  string          `json:"define"`
	From    string          `json:"from"` // the file; by default Define + ".py"
	Remove  string          `json:"remove"`
}

// result is the recorded result of one call.
type result struct {
	Call     string          `json:"call"`
	Input    json.RawMessage `json:"input,omitempty"`
	Output   json.RawMessage `json:"output,omitempty"`
	Response bool            `json:"response,omitempty"`
	Failure  *failure        `json:"failure,omitempty"`
	Steps    any             `json:"steps,omitempty"`
	Log      []string        `json:"log,omitempty"`
}

type failure struct {
	Kind      string   `json:"kind"`
	Type      string   `json:"type"`
	Message   string   `json:"message"`
	Traceback []string `json:"traceback,omitempty"`
}

func results(t *testing.T, lane Lane, compiler Compiler, folder string) []byte {
	t.Helper()
	e := NewEngine(lane, compiler, strings.ReplaceAll(Name(folder), "/", "-"))
	e.folder = folder
	var c golden
	if text, err := os.ReadFile(filepath.Join(folder, "case.json")); err == nil {
		require.NoError(t, json.Unmarshal(text, &c))
	}
	if c.Do == nil {
		c.Do = []action{{Call: "main"}}
	}
	e.ObjectsOnly = c.ObjectsOnly
	e.defineAll(t, c)
	all := []result{}
	for _, action := range c.Do {
		switch {
		case action.Define != "":
			e.defineFile(t, action.Define, action.From)
		case action.Remove != "":
			e.remove(action.Remove)
		default:
			all = append(all, e.run(t, c, action))
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(all))
	return out.Bytes()
}

// deadline is that of all calls, as maestro.context() shows it.
var deadline = time.Date(2040, 1, 2, 3, 4, 5, 678_901_000, time.UTC)

// run makes one call.
func (e *Engine) run(t *testing.T, c golden, action action) result {
	t.Helper()
	input := action.Input
	if input == nil {
		input = json.RawMessage("null")
	}
	run := e.NewRun(action.Call)
	require.NotNil(t, run.Function, action.Call)
	outcome, err := e.lane.Call(t.Context(), model.Call{
		Tenant: e.Tenant, Program: run.Function, Input: input, Request: action.Request, Deadline: deadline, Host: run,
	})
	require.NoError(t, err)
	run.end()
	r := result{Call: action.Call, Input: action.Input, Output: outcome.Output, Response: outcome.Response != nil}
	if outcome.Failure != nil {
		r.Failure = failureOf(outcome.Failure)
	}
	r.Steps, r.Log = run.record(c)
	return r
}

func failureOf(f *model.Failure) *failure {
	kinds := map[model.FailureKind]string{
		model.FailureException: "exception", model.FailureTimeout: "timeout", model.FailureCancelled: "cancelled",
		model.FailureInput: "input", model.FailureOutput: "output", model.FailureEngine: "engine",
	}
	g := &failure{Kind: kinds[f.Kind], Type: f.Type, Message: f.Message}
	if f.Traceback != "" {
		g.Traceback = strings.Split(strings.TrimSuffix(f.Traceback, "\n"), "\n")
	}
	return g
}
