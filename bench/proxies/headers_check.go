package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// checkHeaders makes a call with claims that are not true, and compares what the
// server believes; and requests that the proxy or the server must refuse.
func (s *pair) checkHeaders(p *proxy) error {
	client := newClient(true)
	requestID := "trial-" + p.program
	request, err := http.NewRequest(http.MethodPost, p.url+"/api/v1/h/seen?a=b", strings.NewReader("{}"))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", "203.0.113.7")
	request.Header.Set("X-Forwarded-Proto", "http")
	request.Header.Set("X-Forwarded-Host", "elsewhere.example")
	request.Header.Set("X-Request-ID", requestID)
	text, _, header, err := do(client, request)
	if err != nil {
		return err
	}
	if want := p.url + "/api/v1/h/seen?a=b"; !strings.Contains(text, want) {
		return fmt.Errorf("the function sees %s instead of the address %s", text, want)
	}
	if got := header.Get("X-Request-ID"); got != requestID {
		return fmt.Errorf("the request has the id %q instead of %q", got, requestID)
	}
	if got := s.client(requestID); got != clientAddress {
		return fmt.Errorf("the access log has the client %s instead of %s", got, clientAddress)
	}
	for _, each := range []struct {
		method, path string
		bytes        int64
		status       int
	}{
		{http.MethodGet, "/metrics", 0, http.StatusNotFound},
		{http.MethodPost, "/api/v1/h/order", 10<<20 + 1000, http.StatusRequestEntityTooLarge},
	} {
		request, err := http.NewRequest(each.method, p.url+each.path, io.LimitReader(strings.NewReader(strings.Repeat(" ", int(each.bytes))), each.bytes))
		if err != nil {
			return err
		}
		request.ContentLength = each.bytes
		request.Header.Set("Content-Type", "application/json")
		text, status, _, err := do(client, request)
		if err != nil {
			return err
		}
		if status != each.status {
			return fmt.Errorf("%s %s: %d instead of %d: %s", each.method, each.path, status, each.status, text)
		}
	}
	return nil
}

func do(client *http.Client, request *http.Request) (text string, status int, header http.Header, err error) {
	response, err := client.Do(request)
	if err != nil {
		return "", 0, nil, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	return string(read), response.StatusCode, response.Header, err
}

// longRun is longer than the time after which proxies give up by default.
const longRun = 65 * time.Second

// checkLongRun has a run take that time without a byte on its connection.
func (s *pair) checkLongRun(p *proxy) error {
	return call(newClient(false), p.url+"/api/v1/h/slow", fmt.Sprintf(`{"seconds":%v}`, longRun.Seconds()))
}
