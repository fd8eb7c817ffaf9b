package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"maestro/internal/model"
)

// censusTimeout limits the calls of Census for one caller.
const censusTimeout = 10 * time.Second

// maxCensusAnswer is the maximum length of an answer. The list of all users is
// the longest.
const maxCensusAnswer = 16 << 20

// CensusClient is a client of the HTTP API of Census. It is safe for concurrent
// use.
//
// Its errors are *model.Error: CodeUnauthorized for a token that Census does
// not accept, CodeForbidden, CodeNotFound, and CodeUnavailable without a usable
// answer.
type CensusClient struct {
	base    *url.URL
	http    *http.Client
	timeout time.Duration
	circuit circuit
	counts  struct{ answered, failed, notSent atomic.Int64 }
}

// NewCensusClient makes a client of the Census at baseURL. timeout bounds each
// call; 0 and anything above 10 s mean 10 s.
func NewCensusClient(baseURL string, timeout time.Duration) (*CensusClient, error) {
	base, err := url.Parse(baseURL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("CENSUS_API_URL %q is not the URL of an HTTP server", baseURL)
	}
	if timeout <= 0 || timeout > censusTimeout {
		timeout = censusTimeout
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = 32, 16
	return &CensusClient{base: base, timeout: timeout, http: &http.Client{
		Transport: transport,
		// A redirect could send the token of the caller to another server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close closes the idle connections.
func (c *CensusClient) Close() { c.http.CloseIdleConnections() }

// CensusStats counts the calls of Census since the start.
type CensusStats struct {
	Answered, Failed int64
	NotSent          int64 // because Census failed several times in a row
	Open             bool  // it is not asked at present
}

// Stats returns the counts.
func (c *CensusClient) Stats() CensusStats {
	return CensusStats{
		Answered: c.counts.answered.Load(), Failed: c.counts.failed.Load(), NotSent: c.counts.notSent.Load(), Open: c.circuit.isOpen(),
	}
}

// question is one call of Census. body and into may be nil.
type question struct {
	method string
	path   []string // below /api/v1, not yet escaped
	query  string
	body   any
	into   any // filled from an answer of 200
}

// call sends a question and returns the status of a usable answer: below 300,
// 403, 404 or 409. Every other outcome is an error.
func (c *CensusClient) call(ctx context.Context, token string, q question) (status int, err error) {
	request, err := c.request(token, q)
	if err != nil {
		return 0, err
	}
	pass, wait := c.circuit.enter(time.Now())
	if wait > 0 {
		c.counts.notSent.Add(1)
		return 0, unavailable(errors.New("Census failed several times in a row and is not asked for now"), wait)
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	status, asked, err := c.exchange(request.WithContext(limited), q.into)
	switch {
	case err == nil:
		c.counts.answered.Add(1)
		pass.answered()
		if status == http.StatusUnauthorized {
			return 0, unauthorized(nil, "The token is not valid.")
		}
		return status, nil
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		pass.abandoned()
	default:
		c.counts.failed.Add(1)
		pass.failed(time.Now(), asked)
	}
	return 0, unavailable(fmt.Errorf("ask Census for %s: %w", request.URL.Path, err), asked)
}

func (c *CensusClient) request(token string, q question) (*http.Request, error) {
	target := c.base.JoinPath("api", "v1")
	for _, segment := range q.path {
		if segment == "" || segment == "." || segment == ".." {
			return nil, model.NewError(model.CodeNotFound, "Census has no such user.")
		}
		target = target.JoinPath(url.PathEscape(segment))
	}
	target.RawQuery = q.query
	var body io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return nil, fmt.Errorf("ask Census: %w", err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequest(q.method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("ask Census: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	if q.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// exchange sends a request and reads its answer. With an error, which means no
// usable answer, asked is its Retry-After, or 0.
func (c *CensusClient) exchange(request *http.Request, into any) (status int, asked time.Duration, err error) {
	response, err := c.http.Do(request)
	if err != nil {
		var shown *url.Error
		if errors.As(err, &shown) {
			err = shown.Err // without the URL, which may contain credentials
		}
		return 0, 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxCensusAnswer+1))
	if err != nil {
		return 0, 0, fmt.Errorf("read the answer: %w", err)
	}
	switch status = response.StatusCode; {
	case len(text) > maxCensusAnswer:
		return 0, 0, fmt.Errorf("the answer has more than %d bytes", maxCensusAnswer)
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound, status == http.StatusConflict:
		return status, 0, nil
	case status < 200 || status > 299:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return 0, time.Duration(max(0, min(seconds, 3600))) * time.Second, fmt.Errorf("the answer has status %d", status)
	case into == nil:
		return status, 0, nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return 0, 0, fmt.Errorf("the answer can't be read: %w", err)
	}
	return status, 0, nil
}

func unavailable(cause error, wait time.Duration) *model.Error {
	return &model.Error{
		Code:       model.CodeUnavailable,
		Detail:     "Census, which manages access, is unavailable. Try again in a moment.",
		RetryAfter: max(wait.Round(time.Second), time.Second),
		Cause:      cause,
	}
}
