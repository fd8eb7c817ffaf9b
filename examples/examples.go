// Package examples embeds the functions, webhooks, schedules and documents
// that a newcomer tries first.
//
// It must not load them: the command line and the console do that, through the
// HTTP API.
package examples

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"maestro/internal/folder"
)

//go:embed functions/*.py functions/*.toml webhooks.json schedules.json documents/* packages
var files embed.FS

// withPackages is the folder of the examples that require packages.
const withPackages = "packages/"

// Function is an example in the form in which the API takes it: a function, or a module
// of Kind "module".
type Function struct {
	Name         string          `json:"name"`
	Kind         string          `json:"kind"`
	Description  string          `json:"description"`
	Code         string          `json:"code"`
	InputSchema  json.RawMessage `json:"input_schema,omitempty"`
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
	Tags         []string        `json:"tags"`
	Requirements []string        `json:"requirements,omitempty"`
}

// Webhook is an example in the form in which the API takes it.
type Webhook struct {
	Path         string `json:"path"`
	Method       string `json:"http_method"`
	FunctionName string `json:"function_name"`
	ResponseMode string `json:"response_mode"`
	Description  string `json:"description"`
}

// Schedule is an example in the form in which the API takes it.
type Schedule struct {
	Name           string          `json:"name"`
	FunctionName   string          `json:"function_name"`
	CronExpression string          `json:"cron_expression"`
	Timezone       string          `json:"timezone"`
	Description    string          `json:"description"`
	Input          json.RawMessage `json:"input_data"`
	Overlap        string          `json:"overlap" enum:"allow,skip"`
	CatchUp        string          `json:"catch_up" enum:"none,latest,all"`
}

// Functions returns the example functions by name. Their files are those of a folder that
// `maestro functions push` and `maestro functions test` take.
func Functions() ([]Function, error) { return functionsIn("") }

// FunctionsWithPackages are the example functions that require packages of an index, and
// use some of Functions.
func FunctionsWithPackages() ([]Function, error) { return functionsIn(withPackages) }

// Requirements are the packages that functions require, without repetition.
func Requirements(functions []Function) (all []string) {
	for _, f := range functions {
		all = append(all, f.Requirements...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func functionsIn(where string) ([]Function, error) {
	there, err := fs.Sub(files, where+"functions")
	if err != nil {
		return nil, err
	}
	read, err := folder.ReadFS(there)
	if err != nil {
		return nil, err
	}
	for _, fault := range read.Faults {
		return nil, fmt.Errorf("read the examples: %s", fault)
	}
	out := make([]Function, 0, len(read.Items))
	for _, key := range read.Keys() {
		f := Function{Kind: "function"}
		text, err := json.Marshal(read.Items[key])
		if err == nil {
			err = json.Unmarshal(text, &f)
		}
		if err != nil {
			return nil, fmt.Errorf("read example %s: %w", key.Name, err)
		}
		out = append(out, f)
	}
	return out, nil
}

// Webhooks returns the example webhooks.
func Webhooks() ([]Webhook, error) { return webhooksIn("") }

// WebhooksWithPackages are those of FunctionsWithPackages.
func WebhooksWithPackages() ([]Webhook, error) { return webhooksIn(withPackages) }

func webhooksIn(where string) ([]Webhook, error) {
	var out []Webhook
	err := readJSON(where+"webhooks.json", &out)
	for i := range out {
		out[i].ResponseMode = cmp.Or(out[i].ResponseMode, "envelope")
	}
	return out, err
}

// Schedules returns the example schedules. Their inputs name documents at the
// server, which is an address without a trailing slash.
func Schedules(server string) ([]Schedule, error) {
	text, err := files.ReadFile("schedules.json")
	if err != nil {
		return nil, err
	}
	quoted, err := json.Marshal(server)
	if err != nil {
		return nil, err
	}
	var out []Schedule
	inside := strings.Trim(string(quoted), `"`)
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), "{server}", inside)), &out); err != nil {
		return nil, fmt.Errorf("read the example schedules: %w", err)
	}
	return out, nil
}

// Documents are the texts that the examples work on. The server serves them
// at /examples/documents/, so that everything runs without a network.
func Documents() fs.FS {
	documents, err := fs.Sub(files, "documents")
	if err != nil {
		panic(err) // the name is ours and valid
	}
	return documents
}

func readJSON(name string, into any) error {
	text, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read example %s: %w", name, err)
	}
	return nil
}
