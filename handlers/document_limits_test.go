package handlers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// word is a schema of the document as the test reads it.
type word = map[string]any

// probe is one value of a member or parameter, and whether a limit allows it.
type probe struct {
	limit string
	value any
	fits  bool
}

// closed are members of which the document can't state which values are taken
// (time zones, functions that exist, versions in one mode), so that one which lies
// on a limit is refused for another reason.
var closed = []string{"/timezone", "/function_name", "/function_version", "/signature/secret_name", "/signature/header"}

// text makes a text of length characters that fits the pattern, if it can.
func text(length int, pattern string, example any) (string, bool) {
	sample, _ := example.(string)
	var candidates []string
	if pad := length - len([]rune(sample)); sample != "" && pad >= 0 {
		candidates = append(candidates, sample+strings.Repeat(" ", pad), sample+strings.Repeat("0", pad))
	}
	candidates = append(candidates, strings.Repeat("a", length), strings.Repeat("0", length))
	for _, candidate := range candidates {
		if pattern == "" || regexp.MustCompile(pattern).MatchString(candidate) {
			return candidate, true
		}
	}
	return "", false
}

// probesOf makes values on and beyond each limit that a schema states.
func probesOf(schema word, example any) (probes []probe) {
	add := func(limit string, value any, fits bool) { probes = append(probes, probe{limit, value, fits}) }
	pattern, _ := schema["pattern"].(string)
	for limit, bound := range schema {
		n, _ := bound.(float64)
		switch limit {
		case "maxLength":
			if value, ok := text(int(n), pattern, example); ok {
				add(limit, value, true)
			}
			if value, ok := text(int(n)+1, "", nil); ok {
				add(limit, value, false)
			}
		case "minLength":
			add(limit, strings.Repeat("a", int(n)-1), false)
		case "pattern":
			for _, value := range []string{"\x00", "a b", "-", "\uFFFD", "ä"} {
				if !regexp.MustCompile(pattern).MatchString(value) {
					add(limit, value, false)
				}
			}
		case "not":
			if list, ok := bound.(word)["anyOf"].([]any); ok {
				for _, value := range list[0].(word)["enum"].([]any) {
					add(limit, value, false)
				}
			}
		case "enum":
			for _, value := range bound.([]any) {
				add(limit, value, true)
			}
			add(limit, "none of them", false)
		case "minimum":
			add(limit, n, true)
			add(limit, n-1, false)
		case "maximum":
			add(limit, n, true)
			add(limit, n+1, false)
		case "exclusiveMinimum":
			add(limit, n, false)
			add(limit, n+0.001, true)
		case "maxItems", "minItems":
			add(limit, items(schema, int(n)), true)
			if limit == "maxItems" {
				add(limit, items(schema, int(n)+1), false)
			} else {
				add(limit, items(schema, int(n)-1), false)
			}
		case "uniqueItems":
			add(limit, []string{"same", "same"}, false)
		case "format":
			if n, ok := map[string]string{"uuid": "no-uuid", "date-time": "no-time"}[bound.(string)]; ok {
				add(limit, n, false)
			}
		case "type":
			if types := typesOf(schema); !slices.Contains(types, "string") && len(types) > 0 {
				add(limit, "a text", false)
			} else if len(types) > 0 {
				add(limit, word{"an": "object"}, false)
			}
			if slices.Contains(typesOf(schema), "null") {
				add(limit, nil, true)
			}
		}
	}
	return probes
}

func typesOf(schema word) (types []string) {
	switch t := schema["type"].(type) {
	case string:
		types = []string{t}
	case []any:
		for _, one := range t {
			types = append(types, one.(string))
		}
	}
	return types
}

func items(schema word, n int) []any {
	of, _ := schema["items"].(word)
	known, _ := of["enum"].([]any)
	list := make([]any, n)
	for i := range list {
		if list[i] = fmt.Sprintf("item%d", i); i < len(known) {
			list[i] = known[i]
		}
	}
	return list
}

// prober sends what the document says may be sent, and what it says may not.
type prober struct {
	*fixture
	schemas word
	token   string
	probes  int
	fits    int
}

// pointers are what the answer finds fault with.
func pointers(got answer) (list []string) {
	var e struct{ Errors []struct{ Pointer string } }
	if got.StatusCode == http.StatusUnprocessableEntity && json.Unmarshal([]byte(got.text), &e) == nil {
		for _, problem := range e.Errors {
			list = append(list, problem.Pointer)
		}
	}
	return list
}

func (p *prober) judge(operation, pointer string, one probe, got answer) {
	p.probes++
	about := fmt.Sprintf("%s %s: %s, %.60v: %d %.300s", operation, pointer, one.limit, one.value, got.StatusCode, got.text)
	faulted := slices.ContainsFunc(pointers(got), func(at string) bool {
		if one.limit == "maxItems" && one.fits {
			return at == pointer // the items themselves may be objects
		}
		return at == pointer || strings.HasPrefix(at, pointer+"/") || at == strings.TrimSuffix(pointer, "/0")
	})
	if !one.fits {
		refusedHeader := strings.HasPrefix(pointer, "/header/") && (got.StatusCode == http.StatusUnprocessableEntity || got.StatusCode == http.StatusBadRequest)
		if !faulted && !refusedHeader {
			p.t.Errorf("beyond the limit, and not refused for it: %s", about)
		}
		return
	}
	p.fits++
	if faulted || got.StatusCode >= 500 && got.StatusCode != http.StatusNotImplemented {
		p.t.Errorf("on the limit, and refused: %s", about)
	}
}

// itemOf is the part of a pointer that leads to an item of an apply.
var itemOf = regexp.MustCompile(`^(/delete)?/(functions|webhooks|schedules)/0`)

// body probes the members of a schema. wrap puts a value in its place in the
// whole body.
func (p *prober) body(method, path, operation, pointer string, schema word, example any, wrap func(value any) any) {
	if reference, ok := schema["$ref"].(string); ok {
		schema = p.schemas[reference[strings.LastIndex(reference, "/")+1:]].(word)
	}
	if schema["readOnly"] == true {
		return
	}
	if pointer != "" {
		for _, one := range probesOf(schema, example) {
			if one.fits && slices.ContainsFunc(closed, func(member string) bool { return strings.HasPrefix(itemOf.ReplaceAllString(pointer, ""), member) }) ||
				strings.HasSuffix(pointer, "/kind") && one.value == "module" && !strings.HasPrefix(operation, "create-") { // it stays what it is
				continue
			}
			text, err := json.Marshal(wrap(one.value))
			require.NoError(p.t, err)
			p.judge(operation, pointer, one, p.do(ask{call: method + " " + path, token: p.token, body: string(text)}))
		}
	}
	properties, _ := schema["properties"].(word)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		inner, _ := example.(word)
		p.body(method, path, operation, pointer+"/"+name, properties[name].(word), inner[name], func(value any) any {
			whole := word{}
			maps.Copy(whole, inner)
			whole[name] = value
			return wrap(whole)
		})
	}
	if item, ok := schema["items"].(word); ok {
		first := any("item")
		if list, ok := example.([]any); ok && len(list) > 0 {
			first = list[0]
		}
		p.body(method, path, operation, pointer+"/0", item, first, func(value any) any { return wrap([]any{value}) })
	}
	if several, ok := schema["oneOf"].([]any); ok {
		for _, one := range several {
			one := maps.Clone(one.(word))
			delete(one, "type") // another one may take it
			p.body(method, path, operation, pointer, one, nil, wrap)
		}
	}
}

func (p *prober) parameter(method, path, operation string, parameter word) {
	in, _ := parameter["in"].(string)
	name, _ := parameter["name"].(string)
	schema, _ := parameter["schema"].(word)
	if item, ok := schema["items"].(word); ok {
		schema = item
	}
	for _, one := range probesOf(schema, nil) {
		value := fmt.Sprint(one.value)
		if one.limit == "type" && slices.Contains(typesOf(schema), "string") || strings.ContainsRune(value, 0) || value == "" {
			continue // in an address everything is text; NUL and nothing are judged before
		}
		call, headers := method+" "+path, []string(nil)
		switch in {
		case "query":
			call += "?" + name + "=" + url.QueryEscape(value)
		case "path":
			call = strings.Replace(call, "{"+name+"}", url.PathEscape(value), 1)
		case "header":
			if strings.ContainsFunc(value, func(r rune) bool { return r > '~' }) {
				continue
			}
			headers = []string{name + ": " + value}
		}
		call = strings.NewReplacer("{id}", "01968f5e-7b3c-7c1a-9d42-3f5b8e6a1c70", "{name}", "hello", "{version}", "1").Replace(call)
		p.judge(operation, "/"+in+"/"+name, one, p.do(ask{call: call, token: p.token, header: headers, body: map[bool]string{true: "{}"}[method == "PUT" || operation == "run-function"]}))
	}
}

// Every limit that the document states holds: what lies on it is not refused
// for it, and what lies beyond is.
func TestStatedLimits(t *testing.T) {
	t.Parallel()
	f, _ := setupPackages(t, 10*time.Millisecond, withDocuments)
	d := document(t, f)
	whole := word{}
	require.NoError(t, json.Unmarshal([]byte(d.text), &whole))
	f.must(ask{call: "POST /api/v1/functions", body: `{"name":"hello","code":"def hello(input):\n    return 1\n"}`, status: 201})
	hook := f.must(ask{call: "POST /api/v1/webhooks", body: `{"path":"limits","function_name":"hello"}`, status: 201})
	plan := f.must(ask{call: "POST /api/v1/schedules", body: `{"name":"limits","function_name":"hello","cron_expression":"0 9 * * *","is_active":false}`, status: 201})
	ids := map[string]string{"webhook": hook.Header.Get("Location"), "schedule": plan.Header.Get("Location")}
	p := &prober{fixture: f, schemas: whole["components"].(word)["schemas"].(word)}
	paths := whole["paths"].(word)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if !strings.HasPrefix(path, "/api/v1/") || path == "/api/v1/h/{path}" {
			continue
		}
		for method, o := range paths[path].(word) {
			o := o.(word)
			operation, _ := o["operationId"].(string)
			method = strings.ToUpper(method)
			parameters, _ := o["parameters"].([]any)
			p.token = ""
			if strings.Contains(path, "/subtenants") || strings.HasSuffix(path, "/interpreters") {
				p.token = f.mint("", true)
			}
			for _, parameter := range parameters {
				if parameter, _ := parameter.(word); parameter["$ref"] == nil {
					p.parameter(method, path, operation, parameter)
				}
			}
			body, ok := o["requestBody"].(word)
			if !ok {
				continue
			}
			content := body["content"].(word)["application/json"].(word)
			examples := content["examples"].(word)
			example := examples[slices.Sorted(maps.Keys(examples))[0]].(word)["value"].(word)
			notify := word{"url": "https://receiver.example", "secret_name": "s"}
			signature := word{"scheme": "hmac-sha256", "secret_name": "s", "header": "X-Signature"}
			if strings.Contains(operation, "webhook") {
				example["signature"] = signature
			}
			if operation == "apply-source" {
				example["webhooks"].([]any)[0].(word)["signature"] = signature
				example["functions"].([]any)[0].(word)["notify"] = notify
			}
			if slices.Contains([]string{"create-function", "check-function", "update-function", "put-notify", "update-subtenant"}, operation) {
				example["notify"] = notify
			}
			if operation == "run-function" {
				example["mode"] = "async" // priority needs it
			}
			at := strings.NewReplacer("{name}", "hello").Replace(path)
			for kind, location := range ids {
				if strings.HasSuffix(operation, "-"+kind) && strings.Contains(path, "{id}") {
					at = location
				}
			}
			at = strings.Replace(at, "{id}", "company-b", 1)
			p.body(method, at, operation, "", content["schema"].(word), example, func(value any) any { return value })
		}
	}
	require.Greater(t, p.probes, 500, "probes")
	require.Greater(t, p.fits, 100, "probes on a limit")
}

// What a body leaves out is what the document says it is then, also where a
// generated client sends all that.
func TestStatedDefaults(t *testing.T) {
	t.Parallel()
	f, _ := setupPackages(t, 10*time.Millisecond, withDocuments)
	d := document(t, f)
	var whole struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]word }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(d.text), &whole))
	defaults := func(component string) word {
		body := word{}
		for member, schema := range whole.Components.Schemas[component].Properties {
			if value, ok := schema["default"]; ok {
				body[member] = value
			}
		}
		return body
	}
	for _, c := range []struct{ component, path, body, other string }{
		{"FunctionCreate", "functions", `{"name":"hello","code":"def hello(input):\n    return 1\n"}`, `{"name":"hello2","code":"def hello2(input):\n    return 1\n"}`},
		{"WebhookCreate", "webhooks", `{"path":"limits","function_name":"hello"}`, `{"path":"limits2","function_name":"hello"}`},
		{"ScheduleCreate", "schedules", `{"name":"limits","function_name":"hello","cron_expression":"0 9 * * *"}`, `{"name":"limits2","function_name":"hello","cron_expression":"0 9 * * *"}`},
		{"ExecutionCreate", "executions", `{"function_name":"hello"}`, `{"function_name":"hello"}`},
	} {
		status := 201
		if c.path == "executions" {
			status = 200
		}
		got := f.must(ask{call: "POST /api/v1/" + c.path, body: c.body, status: status})
		sent := defaults(c.component)
		require.NoError(t, json.Unmarshal([]byte(c.other), &sent))
		text, err := json.Marshal(sent)
		require.NoError(t, err)
		f.must(ask{call: "POST /api/v1/" + c.path, body: string(text), status: status})
		if c.path == "executions" {
			continue // its answer does not repeat the request
		}
		made, stated := word{}, 0
		require.NoError(t, json.Unmarshal([]byte(got.text), &made))
		for member, schema := range whole.Components.Schemas[c.component].Properties {
			if value, ok := schema["default"]; ok {
				stated++
				require.Equal(t, value, made[member], "%s %s", c.component, member)
			}
		}
		require.GreaterOrEqual(t, stated, 3, c.component)
	}
}

// The document's pattern of a webhook's path is what the server takes.
func TestStatedWebhookPaths(t *testing.T) {
	t.Parallel()
	f := setup(t, withDocuments)
	f.must(ask{call: "POST /api/v1/functions", body: `{"name":"hello","code":"def hello(input):\n    return 1\n"}`, status: 201})
	var whole struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Pattern string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(document(t, f).text), &whole))
	pattern := regexp.MustCompile(whole.Components.Schemas["WebhookCreate"].Properties["path"].Pattern)
	for _, path := range []string{
		"a", "a/{x}", "...", "a.b/-/_", ".well-known/x", "{x}/b", "a/.b", "a/b..",
		"", "/a", "a/", "a//b", ".", "..", "a/.", "../b", "a{b}", "{1}/x", "a/{}", "a b", "ä", "a\n", "a/{x", "a?b",
	} {
		body, err := json.Marshal(word{"path": path, "function_name": "hello", "requires_auth": true})
		require.NoError(t, err)
		got := f.do(ask{call: "POST /api/v1/webhooks", body: string(body)})
		require.Equal(t, pattern.MatchString(path), got.StatusCode == http.StatusCreated, "%q: %d", path, got.StatusCode)
	}
}
