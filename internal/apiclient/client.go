package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Client is a caller of one server.
type Client struct {
	URL       string // without a slash at its end
	Token     string
	Subtenant string // that requests are about; empty: the token's only one
	Found     bool   // the token is that of the development server on this machine
	Source    string // of URL and Token, in words, for errors
	HTTP      *http.Client
}

// patience is how long an answer may take. Runs and installs have limits of the
// server's own.
const patience = 2 * time.Minute

// New makes a client. source says in words where its URL and token come from.
func New(address, token, source string) *Client {
	return &Client{URL: address, Token: token, Source: source, HTTP: &http.Client{Timeout: patience}}
}

// WithPatience is the client with another limit for an answer.
func (c *Client) WithPatience(limit time.Duration) *Client {
	patient := *c
	patient.HTTP = &http.Client{Timeout: limit, Transport: c.HTTP.Transport}
	return &patient
}

// Call makes one request, with in as its body, and decodes the answer into out,
// unless they are nil.
func (c *Client) Call(ctx context.Context, method, path string, in, out any) error {
	_, err := c.exchange(ctx, method, path, in, out)
	return err
}

// largest is the largest answer that is read.
const largest = 256 << 20

func (c *Client) exchange(ctx context.Context, method, path string, in, out any) (http.Header, error) {
	response, err := c.send(ctx, method, path, in, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, largest))
	if err != nil {
		return nil, fmt.Errorf("read the server's answer: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		e := &Error{Status: response.StatusCode}
		if json.Unmarshal(text, e) != nil || e.Code == "" {
			return nil, fmt.Errorf("%s is not a Maestro server, check %s: it answers %s", c.URL, c.Source, response.Status)
		}
		return nil, e
	}
	if out == nil || response.StatusCode == http.StatusNoContent {
		return response.Header, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(out); err != nil {
		return nil, fmt.Errorf("%s is not a Maestro server, check %s: %w", c.URL, c.Source, err)
	}
	return response.Header, nil
}

func (c *Client) send(ctx context.Context, method, path string, in any, headers http.Header) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.URL+"/api/v1"+path, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Source, err)
	}
	for name, values := range headers {
		request.Header[name] = values
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	if c.Subtenant != "" {
		request.Header.Set("X-Subtenant-ID", c.Subtenant)
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("no server answers at %s (%s): %w", c.URL, c.Source, err)
	}
	return response, nil
}

// List reads all pages of a list, or the first limit items of it if limit is not 0.
func List[T any](ctx context.Context, c *Client, path string, query url.Values, limit int) ([]T, error) {
	all := []T{}
	if query == nil {
		query = url.Values{}
	}
	for {
		page := 1000
		if limit > 0 {
			page = min(page, limit-len(all))
		}
		query.Set("limit", fmt.Sprint(page))
		var items []T
		header, err := c.exchange(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &items)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		next := header.Get("X-Next-Cursor")
		if next == "" || limit > 0 && len(all) >= limit {
			return all, nil
		}
		query.Set("cursor", next)
	}
}
