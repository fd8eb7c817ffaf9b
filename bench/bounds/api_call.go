package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// client has no timeout of its own: each call brings a context.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}}

// answer is a response, whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// code is the code of an error envelope.
func (a answer) code() string {
	var envelope struct{ Code string }
	_ = json.Unmarshal(a.body, &envelope)
	return envelope.Code
}

// errorType is the class of the exception that the function raised.
func (a answer) errorType() string {
	var envelope struct {
		ErrorType string `json:"error_type"`
	}
	_ = json.Unmarshal(a.body, &envelope)
	return envelope.ErrorType
}

// encoded is a body that is JSON already.
type encoded []byte

// send sends a request as the administrator, for a subtenant unless it is "".
func (s *stage) send(ctx context.Context, subtenant, method, path string, body any) (answer, error) {
	var text []byte
	var err error
	if ready, is := body.(encoded); is {
		text = ready
	} else if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return answer{}, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(text))
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	if subtenant != "" {
		request.Header.Set("X-Subtenant-ID", subtenant)
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, got}, err
}

// must is send for requests that are no part of the trial: any other status
// than the wanted one is an error.
func (s *stage) must(ctx context.Context, wanted int, subtenant, method, path string, body any) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	got, err := s.send(ctx, subtenant, method, path, body)
	if err == nil && got.status != wanted {
		err = fmt.Errorf("%s %s: %d %s", method, path, got.status, clip(string(got.body), 300))
	}
	return got, err
}

// record is an execution as the API shows it.
type record struct {
	ID        string
	Status    string
	Error     string
	ErrorType string `json:"error_type"`
	Function  string `json:"function_name"`
	Output    json.RawMessage
}

// records lists the executions of a subtenant's program, newest first.
func (s *stage) records(ctx context.Context, subtenant string) ([]record, error) {
	got, err := s.must(ctx, http.StatusOK, subtenant, "GET", "/api/v1/executions?function_name=case&limit=100", nil)
	if err != nil {
		return nil, err
	}
	var list []record
	return list, json.Unmarshal(got.body, &list)
}

func clip(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return string(bytes.ToValidUTF8([]byte(text[:length]), nil)) + "…"
}
