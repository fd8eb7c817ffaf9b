package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/valyala/fasthttp"
)

func contains(body []byte, part string) bool { return bytes.Contains(body, []byte(part)) }

// api is the server's REST API, as far as the benchmark needs it.
type api struct {
	host  string
	token string
}

func (a api) post(path string, body any) ([]byte, error) {
	return a.send(fasthttp.MethodPost, path, body)
}

func (a api) send(method, path string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI("http://" + a.host + path)
	request.Header.SetMethod(method)
	request.Header.SetContentType("application/json")
	request.Header.Set("Authorization", "Bearer "+a.token)
	request.SetBody(text)
	if err := fasthttp.Do(request, response); err != nil {
		return nil, err
	}
	if response.StatusCode() >= 300 {
		return nil, fmt.Errorf("%s %s: %d %s", method, path, response.StatusCode(), response.Body())
	}
	return append([]byte(nil), response.Body()...), nil
}

const timedLoop = `import time

def NAME(input):
    rounds = []
    for _ in range(7):
        start = time.perf_counter()
        for i in range(1000):
            CALL
        rounds.append((time.perf_counter() - start) * 1e3)
    return sorted(rounds)[3]
`

// prepare stores the functions that are measured, and their webhooks, whose paths begin
// with prefix.
func (a api) prepare(prefix string) error {
	small := json.RawMessage(`{"type":"object","properties":{"id":{"type":"integer"},"name":{"type":"string"}},"required":["id"]}`)
	loop := func(name, call string) map[string]any {
		return map[string]any{"name": name, "code": strings.NewReplacer("NAME", name, "CALL", call).Replace(timedLoop)}
	}
	bodies := []map[string]any{
		{"name": "hello_world", "code": "def hello_world(input):\n    return f\"Hello, {input.get('name', 'World')}!\"\n",
			"input_schema": json.RawMessage(helloInput), "output_schema": json.RawMessage(helloOutput)},
		{"name": "one", "code": "def one(input):\n    return input + 1\n"},
		{"name": "chain", "code": "def chain(input):\n    return one(one(one(0)))\n", "input_schema": json.RawMessage(helloInput)},
		{"name": "nothing", "code": "def nothing(input):\n    return None\n"},
		{"name": "free", "code": "def free(input):\n    return input\n"},
		{"name": "checked", "code": "def checked(input):\n    return input\n", "input_schema": small, "output_schema": small},
		loop("loop_nothing", "nothing(None)"),
		loop("loop_free", "free({\"id\": 12345, \"name\": \"abcd\"})"),
		loop("loop_checked", "checked({\"id\": 12345, \"name\": \"abcd\"})"),
		loop("loop_plain", "(lambda x: x)(None)"),
	}
	for _, body := range bodies {
		if _, err := a.post("/api/v1/functions", body); err != nil {
			return err
		}
	}
	for path, function := range map[string]string{"hello": "hello_world", "chain": "chain"} {
		if _, err := a.post("/api/v1/webhooks", map[string]string{"path": prefix + path, "function_name": function}); err != nil {
			return err
		}
	}
	return nil
}

// siblings prints what 1,000 sibling calls cost, as the calling function
// itself measures it.
func (a api) siblings() error {
	fmt.Printf("\n1,000 sibling calls in one execution, median of 7, seen from the calling function\n")
	for _, row := range []struct{ function, what string }{
		{"loop_plain", "an ordinary Python call, for comparison"},
		{"loop_nothing", "no schemas, null in and out"},
		{"loop_free", "no schemas, a 29-byte object in and out"},
		{"loop_checked", "two small schemas, the same object"},
	} {
		var answer struct{ Result float64 }
		body, err := a.post("/api/v1/executions", map[string]any{"function_name": row.function})
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return err
		}
		fmt.Printf("%-52s %8.2f ms  (%.2f µs a call)\n", row.what, answer.Result, answer.Result)
	}
	return nil
}
