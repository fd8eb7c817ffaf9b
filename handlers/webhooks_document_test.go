package handlers_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestWebhooksDocument(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("plain", "def plain(input):\n    return 1")
	f.function("order", "def order(input):\n    return {'id': 1}",
		`"description":"Takes an order"`,
		`"input_schema":{"$defs":{"n":{"type":"integer","minimum":20000000000000000000000}},"type":"object","required":["n/a"],"properties":{"n/a":{"$ref":"#/$defs/n"},"note":{"type":"string","default":"yes\n- no: 0x1"}}}`,
		`"output_schema":{"$id":"https://example.com/shared","$defs":{"n":{"type":"integer"}},"properties":{"id":{"$ref":"#/$defs/n"}}}`)
	f.function("request", "def request(input):\n    return 'x'",
		`"input_schema":{"$id":"https://example.com/shared","type":"object","properties":{"body":{"$ref":"#/$defs/n"},"query":{}},"$defs":{"n":{"type":"string"}}}`,
		`"output_schema":true`)
	f.webhook(`{"path":"plain","function_name":"plain"}`)
	f.webhook(`{"path":"orders/{id}","function_name":"order","requires_auth":true,"http_method":"GET"}`)
	f.webhook(`{"path":"orders/{number}","function_name":"order","http_method":"ANY","description":"Any way"}`)
	f.webhook(`{"path":"request","function_name":"request","response_mode":"raw"}`)
	f.webhook(`{"path":"off","function_name":"plain","is_active":false}`)
	f.function("gone", "def gone(input):\n    return 1")
	f.webhook(`{"path":"gone","function_name":"gone"}`)
	f.must(ask{call: "DELETE /api/v1/functions/gone", status: 204})

	got := f.must(ask{call: "GET /api/v1/openapi/webhooks", status: 200, lacks: []string{`"/api/v1/h/off"`, "gone"}})
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	require.Equal(t, got.text, f.must(ask{call: "GET /api/v1/openapi/webhooks.json", status: 200}).text)
	inYAML := f.must(ask{call: "GET /api/v1/openapi/webhooks.yaml", status: 200})
	require.Equal(t, "application/yaml", inYAML.Header.Get("Content-Type"))
	var fromYAML, fromJSON any
	require.NoError(t, yaml.Unmarshal([]byte(inYAML.text), &fromYAML))
	require.NoError(t, json.Unmarshal([]byte(got.text), &fromJSON))
	again, err := json.Marshal(fromYAML)
	require.NoError(t, err)
	require.JSONEq(t, got.text, string(again))

	whole, err := jsonschema.UnmarshalJSON(strings.NewReader(got.text))
	require.NoError(t, err)
	file, err := os.Open("testdata/openapi-3.1/schema.json")
	require.NoError(t, err)
	defer file.Close()
	meta, err := jsonschema.UnmarshalJSON(file)
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("openapi.json", meta))
	schema, err := compiler.Compile("openapi.json")
	require.NoError(t, err)
	require.NoError(t, schema.Validate(whole))

	var d struct {
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Description string
			Security    []map[string]any
			Parameters  []struct {
				Name, In string
				Required bool
				Schema   map[string]any
			}
			RequestBody struct {
				Content map[string]struct{ Schema map[string]any }
			}
			Responses map[string]any
		}
		Components struct{ Schemas map[string]map[string]any }
	}
	require.NoError(t, json.Unmarshal([]byte(got.text), &d))
	require.Equal(t, f.url, d.Servers[0].URL)
	require.Len(t, d.Paths, 3)
	orders := d.Paths["/api/v1/h/orders/{id}"]
	require.Len(t, orders, 5, "two webhooks whose paths differ in a name alone")
	require.Contains(t, orders["get"].Security[0], "bearer")
	require.Empty(t, orders["post"].Security[0])
	require.Equal(t, "Takes an order", orders["get"].Description)
	require.Equal(t, "Any way", orders["post"].Description)
	var names []string
	for _, p := range orders["get"].Parameters {
		names = append(names, p.In+" "+p.Name)
		require.Equal(t, p.Name != "note", p.Required, p.Name)
	}
	require.Equal(t, []string{"path id", "query n/a", "query note"}, names)
	require.Equal(t, "urn:maestro:default:order:1:input#/properties/n~1a", orders["get"].Parameters[1].Schema["$ref"])
	require.Empty(t, orders["get"].RequestBody.Content)
	require.Equal(t, "#/components/schemas/order.input", orders["post"].RequestBody.Content["application/json"].Schema["$ref"])
	require.Equal(t, "https://example.com/shared", d.Components.Schemas["order.output"]["$id"])
	request := d.Paths["/api/v1/h/request"]["post"].RequestBody.Content["application/json"].Schema["$ref"]
	require.Equal(t, "urn:maestro:default:request:1:input#/properties/body", request, "the same $id can't be there twice")

	// The references lead where they should: each schema is a resource of its own.
	compiler = jsonschema.NewCompiler()
	ids := map[any]bool{}
	for name, schema := range d.Components.Schemas {
		require.NotEmpty(t, schema["$id"], name)
		require.False(t, ids[schema["$id"]], name)
		ids[schema["$id"]] = true
		require.NoError(t, compiler.AddResource(schema["$id"].(string), any(schema)))
	}
	for ref, fits := range map[string]any{request.(string): "text", "https://example.com/shared": map[string]any{"id": 1}} {
		compiled, err := compiler.Compile(ref)
		require.NoError(t, err)
		require.NoError(t, compiled.Validate(fits))
		require.Error(t, compiled.Validate(map[string]any{"id": "x"}), ref)
	}

	other := f.must(ask{name: "another subtenant has none", call: "GET /api/v1/openapi/webhooks", token: f.mint("other", false), status: 200,
		want: []string{`"paths":{}`}, lacks: []string{"order"}})
	require.Contains(t, other.text, "Webhooks of other")
	f.must(ask{name: "no token", call: "GET /api/v1/openapi/webhooks.yaml", token: "-", status: 401})
}
