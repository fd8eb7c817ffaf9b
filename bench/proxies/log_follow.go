package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// linesOfRun is how many lines each followed run prints, in 0.2 s each: longer than the
// drain time, so that a stop ends some streams.
const linesOfRun = 50

// followLogs starts one asynchronous run after the other, and follows the live log of
// each, until ended is closed.
func (s *pair) followLogs(url string, seen *outcome, ended <-chan struct{}) {
	client := newClient(true)
	for n := 0; ; n++ {
		select {
		case <-ended:
			return
		default:
		}
		if err := s.followOne(client, url, seen); err != nil {
			seen.fail("live log %d: %v", n, err)
		}
		seen.mu.Lock()
		seen.calls["lines"]++
		seen.mu.Unlock()
	}
}

// followOne expects each line of a run once, in its order, and the first one before
// the run has ended. When the stream ends early, it goes on where it was.
func (s *pair) followOne(client *http.Client, url string, seen *outcome) error {
	id, err := s.accept(client, url)
	if err != nil {
		return err
	}
	next, last := 0, ""
	for attempt := 0; attempt < 20; attempt++ {
		if attempt > 0 {
			time.Sleep(100 * time.Millisecond) // a browser waits longer
			seen.mu.Lock()
			seen.resumed++
			seen.mu.Unlock()
		}
		over, err := s.readStream(client, url+"/api/v1/executions/"+id+"/logs/stream", &last, func(text string) error {
			if want := fmt.Sprint("line ", next); text != want {
				return fmt.Errorf("%q instead of %q", text, want)
			}
			next++
			return nil
		})
		if err != nil {
			return err
		}
		if over {
			if next != linesOfRun {
				return fmt.Errorf("%d lines instead of %d", next, linesOfRun)
			}
			seen.mu.Lock()
			seen.lines += next
			seen.mu.Unlock()
			return nil
		}
	}
	return fmt.Errorf("the stream of %s did not end", id)
}

// accept starts a run, and returns its execution.
func (s *pair) accept(client *http.Client, url string) (string, error) {
	body := fmt.Sprintf(`{"function_name":"lines","input_data":{"lines":%d},"mode":"async"}`, linesOfRun)
	request, err := http.NewRequest(http.MethodPost, url+"/api/v1/executions", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.GetBody = nil
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var accepted struct {
		ID string `json:"execution_id"`
	}
	err = json.NewDecoder(response.Body).Decode(&accepted)
	if err == nil && response.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("POST /executions: %d", response.StatusCode)
	}
	return accepted.ID, err
}

// readStream reads server-sent events until the stream ends, and reports whether the
// execution was over.
func (s *pair) readStream(client *http.Client, url string, last *string, line func(string) error) (over bool, err error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return false, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	if *last != "" {
		request.Header.Set("Last-Event-ID", *last)
	}
	response, err := client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusNoContent:
		return true, nil
	case http.StatusOK:
	default:
		return false, fmt.Errorf("GET %s: %d", url, response.StatusCode)
	}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			*last = value
		case "data":
			var event struct{ Event, Message string }
			if err := json.Unmarshal([]byte(value), &event); err != nil {
				return false, err
			}
			switch event.Event {
			case "execution_completed":
				over = true
			case "log":
				if err := line(event.Message); err != nil {
					return false, err
				}
			}
		}
	}
	return over, nil // the end of a stream is no error: it is opened again
}
