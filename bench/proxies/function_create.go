package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// functions are those that the trial calls: each has a webhook of its name, with the
// body as input.
var functions = []function{
	{"order", "def order(input):\n    return input\n"},
	{"bulk", "def bulk(input):\n    return input\n"},
	{"slow", "import time\ndef slow(input):\n    time.sleep(input[\"seconds\"])\n    return input\n"},
	{"lines", "import time\ndef lines(input):\n    for i in range(input[\"lines\"]):\n        print(\"line\", i)\n        time.sleep(0.2)\n"},
	{"seen", "import maestro\ndef seen(input):\n    return maestro.request().url\n"},
}

type function struct{ name, code string }

func (s *pair) create(f function) error {
	if err := s.send("/api/v1/functions", map[string]any{"name": f.name, "code": f.code}); err != nil {
		return err
	}
	return s.send("/api/v1/webhooks", map[string]any{"path": f.name, "function_name": f.name, "input_mode": "body"})
}

func (s *pair) send(path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d%s", s.one[0].port, path), bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("POST %s: %d %s", path, response.StatusCode, text)
	}
	return nil
}

// recorded counts the executions since a time that have completed.
func (s *pair) recorded(since time.Time) (int, error) {
	count, cursor := 0, ""
	for {
		url := fmt.Sprintf("http://127.0.0.1:%d/api/v1/executions?limit=1000&status=completed&since=%s%s", s.one[0].port, since.UTC().Format("2006-01-02T15:04:05.000000Z"), cursor)
		request, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			return 0, err
		}
		request.Header.Set("Authorization", "Bearer "+s.token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		var page []json.RawMessage
		err = json.NewDecoder(response.Body).Decode(&page)
		_ = response.Body.Close() // it was read
		if err != nil {
			return 0, err
		}
		count += len(page)
		next := response.Header.Get("X-Next-Cursor")
		if next == "" {
			return count, nil
		}
		cursor = "&cursor=" + next
	}
}
