package examples

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryFunctionIsWhole(t *testing.T) {
	t.Parallel()
	functions, err := Functions()
	require.NoError(t, err)
	descriptions, err := fs.Glob(files, "functions/*.toml")
	require.NoError(t, err)
	require.Len(t, functions, len(descriptions), "a .py for each .toml and the other way round")
	require.Len(t, functions, 23)
	for _, f := range functions {
		require.Contains(t, f.Code, "def "+f.Name+"(input):", "its own function")
		require.NotEmpty(t, f.Description, f.Name)
		require.NotEmpty(t, f.Tags, f.Name)
		require.True(t, json.Valid(f.OutputSchema), f.Name)
		require.Equal(t, strings.HasSuffix(f.Name, "webhook") || strings.HasSuffix(f.Name, "webhook_handler"),
			f.InputSchema == nil, "%s: a function without input schema is what a webhook hands the whole request to", f.Name)
	}
}

func TestFunctionsWithPackagesAreWhole(t *testing.T) {
	t.Parallel()
	functions, err := FunctionsWithPackages()
	require.NoError(t, err)
	descriptions, err := fs.Glob(files, "packages/functions/*.toml")
	require.NoError(t, err)
	require.Len(t, functions, len(descriptions), "a .py for each .toml and the other way round")
	require.Len(t, functions, 5)
	names := map[string]bool{}
	for _, f := range functions {
		names[f.Name] = true
		require.NotEmpty(t, f.Description, f.Name)
		require.NotEmpty(t, f.Tags, f.Name)
		if f.Kind == "function" {
			require.Contains(t, f.Code, "def "+f.Name+"(input):", "its own function")
			require.True(t, json.Valid(f.OutputSchema), f.Name)
		}
	}
	require.Equal(t, []string{"openai>=2", "pydantic>=2"}, Requirements(functions))
	webhooks, err := WebhooksWithPackages()
	require.NoError(t, err)
	for _, w := range webhooks {
		require.True(t, names[w.FunctionName], w.FunctionName)
		require.NotEmpty(t, w.Description)
	}
}

func TestWebhooksCallFunctionsThatAreThere(t *testing.T) {
	t.Parallel()
	functions, err := Functions()
	require.NoError(t, err)
	names := map[string]bool{}
	for _, f := range functions {
		names[f.Name] = true
	}
	webhooks, err := Webhooks()
	require.NoError(t, err)
	require.Len(t, webhooks, 7)
	for _, w := range webhooks {
		require.True(t, names[w.FunctionName], w.FunctionName)
		require.Equal(t, "POST", w.Method)
		require.NotEmpty(t, w.Path)
		require.NotEmpty(t, w.Description)
	}
}

func TestSchedulesRunFunctionsThatAreThere(t *testing.T) {
	t.Parallel()
	functions, err := Functions()
	require.NoError(t, err)
	names := map[string]bool{}
	for _, f := range functions {
		names[f.Name] = true
	}
	schedules, err := Schedules("http://localhost:1")
	require.NoError(t, err)
	require.Len(t, schedules, 1)
	for _, s := range schedules {
		require.True(t, names[s.FunctionName], s.FunctionName)
		require.NotEmpty(t, s.Description)
		require.Contains(t, string(s.Input), `"http://localhost:1/examples/documents/invoice-1001.txt"`)
		require.NotContains(t, string(s.Input), "{server}")
	}
}

func TestDocumentsAreText(t *testing.T) {
	t.Parallel()
	entries, err := fs.ReadDir(Documents(), ".")
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, e := range entries {
		require.True(t, strings.HasSuffix(e.Name(), ".txt"), e.Name())
	}
}
