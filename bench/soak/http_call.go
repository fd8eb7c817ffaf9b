package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/valyala/fasthttp"
)

var client = &fasthttp.Client{MaxConnsPerHost: 256, ReadTimeout: time.Minute}

func get(url, token string) (int, []byte, error) { return send("GET", url, token, nil) }

func send(method, url, token string, body any) (int, []byte, error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI(url)
	request.Header.SetMethod(method)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		request.Header.SetContentType("application/json")
		request.SetBody(text)
	}
	if err := client.Do(request, response); err != nil {
		return 0, nil, err
	}
	return response.StatusCode(), append([]byte(nil), response.Body()...), nil
}

// answer is what POST /executions says, in either case.
type answer struct {
	Success bool            `json:"success"`
	ID      string          `json:"execution_id"`
	Result  json.RawMessage `json:"result"`
	Code    string          `json:"code"`
	Detail  string          `json:"detail"`
}

func (t *tenant) call(function string, input any) (int, answer, error) {
	status, body, err := send("POST", t.base+"/api/v1/executions", t.token,
		map[string]any{"function_name": function, "input_data": input})
	if err != nil {
		return 0, answer{}, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return status, answer{}, fmt.Errorf("unreadable answer %d: %.200s", status, body)
	}
	return status, a, nil
}
