// Package censusdev is a small Census that keeps its data in memory and speaks
// the whole protocol over real HTTP: for tests, which can make it fail, stall or
// lie, and for trying Maestro without a Census.
//
// It must not be used in production: the holder of its secret can be any user.
package censusdev

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"maestro/internal/model"
)

// User is a user of this Census.
type User struct {
	ID       string // generated when empty
	Email    string
	Inactive bool
	Groups   []Group
	Access   []Access
}

// Group is a user's membership.
type Group struct {
	Name   string `json:"group_name"`
	Active bool   `json:"active"`
}

// Access is a user's right to use a service in a subtenant.
type Access struct {
	Service   string `json:"service"`
	Subtenant string `json:"subtenant_id"`
	Active    bool   `json:"active"`
	GrantedBy string `json:"granted_by,omitempty"`
}

// Admins is the membership that makes an administrator.
func Admins() []Group { return []Group{{Name: "Admins", Active: true}} }

// In is the right to use Maestro in each of some subtenants.
func In(subtenants ...string) []Access {
	access := make([]Access, len(subtenants))
	for i, subtenant := range subtenants {
		access[i] = Access{Service: "maestro", Subtenant: subtenant, Active: true}
	}
	return access
}

// Server is a Census. It is an http.Handler.
type Server struct {
	secret []byte
	mux    *http.ServeMux

	mu     sync.Mutex
	users  map[string]User // guarded by mu, by id
	calls  []string        // guarded by mu: "GET /api/v1/users/me", in order
	fault  Fault           // guarded by mu
	mended chan struct{}   // guarded by mu: closed when the current fault ends
}

// New makes a Census without users. It signs tokens with secret (HS256), so a
// server in local-JWT mode with the same secret accepts them too.
func New(secret []byte) *Server {
	s := &Server{secret: slices.Clone(secret), mux: http.NewServeMux(), users: map[string]User{}, mended: make(chan struct{})}
	s.mux.HandleFunc("GET /api/v1/users/me", s.me)
	s.mux.HandleFunc("GET /api/v1/users", s.list)
	s.mux.HandleFunc("GET /api/v1/users/{id}/groups", s.groups)
	s.mux.HandleFunc("GET /api/v1/users/{id}/service-access", s.access)
	s.mux.HandleFunc("POST /api/v1/users/{id}/service-access", s.grant)
	s.mux.HandleFunc("DELETE /api/v1/users/{id}/service-access/{service}/{subtenant}", s.revoke)
	return s
}

// Add adds a user, or replaces the one with the same id, and returns it.
func (s *Server) Add(user User) User {
	if user.ID == "" {
		user.ID = model.NewID().String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[user.ID] = user
	return user
}

// User returns a user.
func (s *Server) User(id string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, found := s.users[id]
	return user, found
}

// change changes a user; the change applies to all calls at once.
func (s *Server) change(id string, change func(*User)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.users[id]
	change(&user)
	s.users[id] = user
}

// Token makes a token of a user, without claims about subtenants and groups.
func (s *Server) Token(id string, ttl time.Duration) (string, error) {
	user, found := s.User(id)
	if !found {
		return "", errors.New("make a token: no such user")
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": id, "email": user.Email, "exp": time.Now().Add(ttl).Unix(), "jti": model.NewID().String(),
	}).SignedString(s.secret)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.misbehave(w, r) {
		s.mux.ServeHTTP(w, r)
	}
}

// caller identifies the caller. It writes the refusal of an unknown one itself.
func (s *Server) caller(w http.ResponseWriter, r *http.Request) (User, bool) {
	text, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var said jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(text, &said, func(*jwt.Token) (any, error) { return s.secret, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
	user, found := s.User(said.Subject)
	if !bearer || err != nil || !found {
		answer(w, http.StatusUnauthorized, map[string]string{"detail": "no valid token"})
		return User{}, false
	}
	return user, true
}

// about finds the user of a path. The caller must be that user or an
// administrator.
func (s *Server) about(w http.ResponseWriter, r *http.Request, adminOnly bool) (user User, ok bool) {
	caller, ok := s.caller(w, r)
	if !ok {
		return User{}, false
	}
	id := r.PathValue("id")
	if !isAdmin(caller) && (adminOnly || caller.ID != id) {
		answer(w, http.StatusForbidden, map[string]string{"detail": "for administrators"})
		return User{}, false
	}
	if user, ok = s.User(id); !ok && id != "" {
		answer(w, http.StatusNotFound, map[string]string{"detail": "no such user"})
		return User{}, false
	}
	return user, true
}

func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	if user, ok := s.caller(w, r); ok {
		answer(w, http.StatusOK, map[string]any{"id": user.ID, "email": user.Email, "is_active": !user.Inactive})
	}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.about(w, r, true); !ok {
		return
	}
	s.mu.Lock()
	users := slices.SortedFunc(maps.Values(s.users), func(a, b User) int { return cmp.Compare(a.ID, b.ID) })
	s.mu.Unlock()
	listed := make([]map[string]string, len(users))
	for i, user := range users {
		listed[i] = map[string]string{"id": user.ID, "email": user.Email}
	}
	answer(w, http.StatusOK, listed)
}

func (s *Server) groups(w http.ResponseWriter, r *http.Request) {
	if user, ok := s.about(w, r, false); ok {
		answer(w, http.StatusOK, append([]Group{}, user.Groups...))
	}
}

func (s *Server) access(w http.ResponseWriter, r *http.Request) {
	user, ok := s.about(w, r, false)
	if !ok {
		return
	}
	listed := append([]Access{}, user.Access...)
	if r.URL.Query().Get("active_only") == "true" {
		listed = slices.DeleteFunc(listed, func(a Access) bool { return !a.Active })
	}
	answer(w, http.StatusOK, listed)
}

func (s *Server) grant(w http.ResponseWriter, r *http.Request) {
	var given Access
	user, ok := s.about(w, r, true)
	if !ok {
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil || given.Service == "" || given.Subtenant == "" {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"detail": "service and subtenant_id are required"})
		return
	}
	given.Active = true
	s.change(user.ID, func(u *User) { u.Access = append(without(u.Access, given.Service, given.Subtenant), given) })
	answer(w, http.StatusCreated, given)
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	user, ok := s.about(w, r, true)
	if !ok {
		return
	}
	had := false
	s.change(user.ID, func(u *User) {
		left := without(u.Access, r.PathValue("service"), r.PathValue("subtenant"))
		had, u.Access = len(left) < len(u.Access), left
	})
	if !had {
		answer(w, http.StatusNotFound, map[string]string{"detail": "no such access"})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func isAdmin(user User) bool {
	return slices.Contains(user.Groups, Group{Name: "Admins", Active: true})
}

// without is a copy of a list of rights without one of them.
func without(access []Access, service, subtenant string) []Access {
	return slices.DeleteFunc(slices.Clone(access), func(a Access) bool { return a.Service == service && a.Subtenant == subtenant })
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails when the caller has disconnected
}
