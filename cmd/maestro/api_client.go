package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"maestro/internal/config"
)

// apiClient sends the requests of the commands that are clients of a server.
type apiClient struct {
	url   string // without a slash at its end
	token string
	found bool // url and token are those of the development server on this data folder
	http  *http.Client
}

// connectAPI takes the address and the token from MAESTRO_URL and MAESTRO_TOKEN.
// Where one is not set it is the development server's on the same data folder.
func (a *app) connectAPI() (*apiClient, error) {
	c := &apiClient{
		url:   strings.TrimRight(os.Getenv("MAESTRO_URL"), "/"),
		token: os.Getenv("MAESTRO_TOKEN"),
		http:  &http.Client{Timeout: 2 * time.Minute},
	}
	if c.url != "" && c.token != "" {
		return c, nil
	}
	cfg, err := a.settings()
	if err != nil {
		return nil, err
	}
	c.found = true
	c.url = cmp.Or(c.url, findAddress(cfg), "http://"+(&config.Config{Host: "127.0.0.1", Port: cfg.Port}).Address())
	if c.token == "" {
		token, err := cfg.FindAdminToken()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no token: set MAESTRO_TOKEN, or start the server in development mode first (data folder %s)", cfg.DataDir)
		}
		if err != nil {
			return nil, err
		}
		c.token = string(token)
	}
	return c, nil
}

// apiError is an error answer of the server.
type apiError struct {
	status int
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Errors []struct {
		Pointer string `json:"pointer"`
		Line    int    `json:"line"`
		Message string `json:"message"`
	} `json:"errors"`
}

func (e *apiError) Error() string {
	text := fmt.Sprintf("the server answers %d %s: %s", e.status, e.Code, e.Detail)
	for _, p := range e.Errors {
		where := cmp.Or(p.Pointer, "the value")
		if p.Line > 0 {
			where = fmt.Sprintf("line %d", p.Line)
		}
		text += fmt.Sprintf(" (%s: %s)", where, p.Message)
	}
	return text
}

// is reports whether err is an answer of the server with that code.
func is(err error, code string) bool {
	var e *apiError
	return errors.As(err, &e) && e.Code == code
}

// call makes one request, with in as its body, and decodes the answer into out,
// unless they are nil.
func (c *apiClient) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+"/api/v1"+path, body)
	if err != nil {
		return fmt.Errorf("MAESTRO_URL: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("no server answers at %s (MAESTRO_URL): %w", c.url, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	if response.StatusCode >= 400 {
		e := &apiError{status: response.StatusCode}
		if json.Unmarshal(text, e) != nil || e.Code == "" {
			return fmt.Errorf("%s is not a Maestro server, check MAESTRO_URL: it answers %s", c.url, response.Status)
		}
		return e
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s is not a Maestro server, check MAESTRO_URL: %w", c.url, err)
	}
	return nil
}
