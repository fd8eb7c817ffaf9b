package censusdev

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Fault is a simulated failure.
type Fault struct {
	Path       string // suffix of the affected paths, such as "/groups"; empty: all
	Stall      bool   // no answer until the fault ends or the caller disconnects
	Status     int    // of the answer; 0: 200
	RetryAfter int    // seconds; 0: not sent
	Body       string // of the answer
}

// Break simulates a failure until Mend or another Break.
func (s *Server) Break(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.mended)
	s.fault, s.mended = fault, make(chan struct{})
}

// Mend ends the failure; stalled calls continue as usual.
func (s *Server) Mend() { s.Break(Fault{}) }

// Calls returns the number of calls to paths with a suffix; "" counts all.
func (s *Server) Calls(end string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.calls), func(call string) bool { return !strings.HasSuffix(call, end) }))
}

// misbehave answers instead of the server while there is a fault.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	fault, mended := s.fault, s.mended
	s.mu.Unlock()
	switch {
	case fault == (Fault{}) || !strings.HasSuffix(r.URL.Path, fault.Path):
		return false
	case fault.Stall:
		select {
		case <-mended:
			return false
		case <-r.Context().Done():
			return true
		}
	}
	if fault.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(fault.RetryAfter))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(max(fault.Status, http.StatusOK))
	_, _ = w.Write([]byte(fault.Body)) // fails when the caller has disconnected
	return true
}
