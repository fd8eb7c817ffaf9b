package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const jwtSecret = "a secret that only these faults know, 32 bytes or more"

// shop is where orders are charged: a side effect that no transaction takes back.
type shop struct {
	server *httptest.Server

	mu      sync.Mutex
	charges map[string]int // guarded by mu; by order
}

func openShop() *shop {
	s := &shop{charges: map[string]int{}}
	s.server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.charges[r.URL.Query().Get("order")]++
	}))
	return s
}

func (s *shop) charged(order string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.charges[order]
}

// define stores the function and its webhook.
func (s *stage) define(ctx context.Context) (err error) {
	s.token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "faults", "email": "faults@example.com", "subtenant_id": "shop", "groups": []string{}, "exp": time.Now().Add(24 * time.Hour).Unix(),
	}).SignedString([]byte(jwtSecret))
	if err != nil {
		return err
	}
	code := fmt.Sprintf(`
import urllib.request

def order(input):
    urllib.request.urlopen("%s/?order=" + input["order"]).read()
    return {"charged": input["order"]}
`, s.shop.server.URL)
	for path, body := range map[string]map[string]any{
		"/api/v1/functions": {"name": "order", "code": code},
		"/api/v1/webhooks":  {"path": "order", "function_name": "order", "input_mode": "body"},
	} {
		if answer, err := s.send(ctx, "POST", path, body); err != nil || answer.status != http.StatusCreated {
			return fmt.Errorf("%s: %d %s %w", path, answer.status, answer.body, err)
		}
	}
	answer, err := s.send(ctx, "POST", "/api/v1/h/order", map[string]any{"order": "warm"})
	if err != nil || answer.status != http.StatusOK {
		return fmt.Errorf("the first order: %d %s %w", answer.status, answer.body, err)
	}
	return nil
}

var client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 2000}}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (s *stage) send(ctx context.Context, method, path string, body any) (answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(text))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, got}, err
}

// state is the status word of a probe, or the fault of its answer.
func (s *stage) state(path string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return err.Error()
	}
	response, err := client.Do(request)
	if err != nil {
		return "no answer"
	}
	defer response.Body.Close()
	var said struct{ Status string }
	if err := json.NewDecoder(response.Body).Decode(&said); err != nil {
		return "unreadable"
	}
	return said.Status
}
