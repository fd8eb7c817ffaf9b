package handlers_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gofiber/fiber/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"maestro/handlers"
)

// openAPI is the document as far as the tests look into it.
type openAPI struct {
	text  string
	whole any
	Paths map[string]map[string]operation
}

type operation struct {
	OperationID string `json:"operationId"`
	Summary     string
	Tags        []string
	Responses   map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]media
	}
	RequestBody struct{ Content map[string]media }
}

type media struct {
	Schema   any
	Example  any
	Examples map[string]struct{ Value any }
}

func document(t *testing.T, f *fixture) openAPI {
	t.Helper()
	got := f.must(ask{call: "GET /openapi.json", token: "-", status: 200})
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	d := openAPI{text: got.text}
	require.NoError(t, json.Unmarshal([]byte(got.text), &d))
	var err error
	d.whole, err = jsonschema.UnmarshalJSON(strings.NewReader(got.text))
	require.NoError(t, err)
	return d
}

func withDocuments(o *handlers.Options) {
	o.Documents = fstest.MapFS{"a.txt": {Data: []byte("a")}}
}

// What the router answers and what the document says are the same, HEAD,
// OPTIONS and the calls of webhooks aside.
func TestDocumentEqualsTheRoutes(t *testing.T) {
	t.Parallel()
	f := setup(t, withDocuments)
	d := document(t, f)
	var routed, documented []string
	for _, route := range f.server.App().GetRoutes(true) {
		if route.Method == fiber.MethodHead || route.Path == "/api/v1/h/*" {
			continue
		}
		var path []string
		for segment := range strings.SplitSeq(route.Path, "/") {
			if name, ok := strings.CutPrefix(segment, ":"); ok {
				segment = "{" + name + "}"
			}
			path = append(path, segment)
		}
		routed = append(routed, route.Method+" "+strings.Join(path, "/"))
	}
	for path, item := range d.Paths {
		for method := range item {
			if path != "/api/v1/h/{path}" {
				documented = append(documented, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(routed)
	slices.Sort(documented)
	require.Equal(t, routed, documented)
	require.Greater(t, len(routed), 40)
	for _, method := range []string{"get", "put", "post", "delete", "patch", "options", "head"} {
		require.Contains(t, d.Paths["/api/v1/h/{path}"][method].Responses, "default", method)
	}
}

// OpenAPI's own schema, which looks at everything but Schema Objects, and
// JSON Schema's for those.
func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	d := document(t, setup(t, withDocuments))
	file, err := os.Open("testdata/openapi-3.1/schema.json")
	require.NoError(t, err)
	defer file.Close()
	meta, err := jsonschema.UnmarshalJSON(file)
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("openapi.json", meta))
	schema, err := compiler.Compile("openapi.json")
	require.NoError(t, err)
	require.NoError(t, schema.Validate(d.whole))

	dialect, err := compiler.Compile("https://json-schema.org/draft/2020-12/schema")
	require.NoError(t, err)
	require.Error(t, dialect.Validate(map[string]any{"type": "text"}))
	schemas := d.whole.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any)
	require.Contains(t, schemas, "Problem")
	execution := schemas["Execution"].(map[string]any)["properties"].(map[string]any)
	require.Equal(t, []any{"string", "null"}, execution["completed_at"].(map[string]any)["type"], "null while it runs")
	for name, schema := range schemas {
		require.NoError(t, dialect.Validate(schema), name)
	}
}

// Every operation says what it may answer, and its examples fit.
func TestDocumentIsComplete(t *testing.T) {
	t.Parallel()
	d := document(t, setup(t, withDocuments))
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("openapi.json", d.whole))
	fits := func(value, schema any, where string) {
		at := "inline-" + where + ".json"
		text, err := json.Marshal(schema)
		require.NoError(t, err)
		absolute := strings.ReplaceAll(string(text), `"#/components`, `"openapi.json#/components`)
		parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(absolute))
		require.NoError(t, err)
		require.NoError(t, compiler.AddResource(at, parsed), where)
		compiled, err := compiler.Compile(at)
		require.NoError(t, err, where)
		require.NoError(t, compiled.Validate(value), where)
	}
	seen := map[string]bool{}
	examples := 0
	for path, item := range d.Paths {
		for method, o := range item {
			require.NotEmpty(t, o.OperationID, path)
			require.False(t, seen[o.OperationID], o.OperationID)
			seen[o.OperationID] = true
			require.NotEmpty(t, o.Summary, o.OperationID)
			require.Len(t, o.Tags, 1, o.OperationID)
			if strings.HasPrefix(path, "/api/v1/") && path != "/api/v1/h/{path}" {
				require.NotContains(t, o.Responses, "default", o.OperationID)
				for _, status := range []string{"400", "401", "403", "500", "503"} {
					require.Contains(t, o.Responses, status, o.OperationID)
				}
				if method != "get" && len(o.RequestBody.Content) > 0 {
					require.Contains(t, o.Responses, "422", o.OperationID)
					require.NotEmpty(t, o.RequestBody.Content["application/json"].Examples, o.OperationID)
				}
			}
			for name, example := range o.RequestBody.Content["application/json"].Examples {
				fits(example.Value, o.RequestBody.Content["application/json"].Schema, o.OperationID+"-"+name)
				examples++
			}
			for status, response := range o.Responses {
				if status[0] == '2' && status != "204" {
					require.NotEmpty(t, response.Content, "%s %s: a generated client reads nothing", o.OperationID, status)
				}
				for _, m := range response.Content {
					if m.Example != nil && m.Schema != nil {
						fits(m.Example, m.Schema, o.OperationID+"-"+status)
						examples++
					}
				}
			}
		}
	}
	require.Greater(t, examples, 20)
	for name, example := range d.whole.(map[string]any)["components"].(map[string]any)["examples"].(map[string]any) {
		fits(example.(map[string]any)["value"], map[string]any{"$ref": "#/components/schemas/Problem"}, name)
	}
	handlers.RequireKnownOperations(t, seen)
}
