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
	"path"
	"slices"
	"strings"
)

//go:embed functions/*.py functions/*.json webhooks.json schedules.json documents/* packages
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
	Overlap        string          `json:"overlap"`
	CatchUp        string          `json:"catch_up"`
}

// Functions returns the example functions by name: each is a .py file, and a
// .json file with all that is not code.
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

func functionsIn(folder string) ([]Function, error) {
	sources, err := fs.Glob(files, folder+"functions/*.py")
	if err != nil {
		return nil, err
	}
	out := make([]Function, 0, len(sources))
	for _, source := range sources {
		code, err := files.ReadFile(source)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(path.Base(source), ".py")
		f := Function{Name: name, Kind: "function", Code: string(code)}
		if err := readJSON(folder+"functions/"+name+".json", &f); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// Webhooks returns the example webhooks.
func Webhooks() ([]Webhook, error) { return webhooksIn("") }

// WebhooksWithPackages are those of FunctionsWithPackages.
func WebhooksWithPackages() ([]Webhook, error) { return webhooksIn(withPackages) }

func webhooksIn(folder string) ([]Webhook, error) {
	var out []Webhook
	err := readJSON(folder+"webhooks.json", &out)
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
