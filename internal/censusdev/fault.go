package censusdev

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Fault is a way to misbehave.
type Fault struct {
	Path       string // the end of the paths concerned, such as "/groups"; empty: all
	Stall      bool   // no answer until the fault is over or the caller goes away
	Status     int    // of the answer; 0: 200
	RetryAfter int    // seconds; 0: not said
	Body       string // of the answer
}

// Break makes the server misbehave until Mend or another Break.
func (s *Server) Break(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.mended)
	s.fault, s.mended = fault, make(chan struct{})
}

// Mend ends misbehaving; calls that are stalled go on as usual.
func (s *Server) Mend() { s.Break(Fault{}) }

// Calls returns how many calls there have been, to paths with the given end;
// "" counts all.
func (s *Server) Calls(end string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.calls), func(call string) bool { return !strings.HasSuffix(call, end) }))
}

// misbehave answers instead of the server when there is a fault.
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
	_, _ = w.Write([]byte(fault.Body)) // the caller is gone: nothing to tell
	return true
}
