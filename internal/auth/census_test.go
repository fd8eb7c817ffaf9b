package auth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/auth"
	"maestro/internal/censusdev"
	"maestro/internal/model"
	"maestro/internal/testkit"
)

// censusFixture is a Census with a client and an authenticator on it.
type censusFixture struct {
	census *censusdev.Server
	client *auth.CensusClient
	asked  *auth.Census
}

// setupCensus makes a fixture whose calls take timeout at most.
func setupCensus(t *testing.T, timeout time.Duration) *censusFixture {
	t.Helper()
	census, url := testkit.Census(t)
	client, err := auth.NewCensusClient(url+"/", timeout)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return &censusFixture{census: census, client: client, asked: auth.NewCensus(client)}
}

func (f *censusFixture) token(t *testing.T, user censusdev.User) (token, id string) {
	t.Helper()
	user = f.census.Add(user)
	token, err := f.census.Token(user.ID, time.Hour)
	require.NoError(t, err)
	return token, user.ID
}

func requireCode(t *testing.T, want model.Code, err error) *model.Error {
	t.Helper()
	var e *model.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, e.Code, "%v", err)
	return e
}

func TestCensusCallers(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	for _, test := range []struct {
		name string
		user censusdev.User
		want *auth.Principal // nil: forbidden
	}{
		{"one subtenant", censusdev.User{Access: censusdev.In("a")}, &auth.Principal{Tenants: []string{"a"}}},
		{"several, sorted", censusdev.User{Access: censusdev.In("b", "a", "b")}, &auth.Principal{Tenants: []string{"a", "b"}}},
		{"an administrator", censusdev.User{Groups: censusdev.Admins()}, &auth.Principal{Admin: true}},
		{"not active", censusdev.User{Inactive: true, Access: censusdev.In("a"), Groups: censusdev.Admins()}, nil},
		{"without access", censusdev.User{}, nil},
		{"without active access", censusdev.User{Access: []censusdev.Access{{Service: "maestro", Subtenant: "a"}}}, nil},
		{"with access to another service", censusdev.User{Access: []censusdev.Access{{Service: "other", Subtenant: "a", Active: true}}}, nil},
		{"an administrator once", censusdev.User{Groups: []censusdev.Group{{Name: "Admins"}, {Name: "admins", Active: true}}}, nil},
		{"a subtenant that can't be", censusdev.User{Access: censusdev.In("../b")}, nil},
	} {
		test.user.Email = "A@example.com"
		token, id := f.token(t, test.user)
		p, err := f.asked.Authenticate(t.Context(), token)
		if test.want == nil {
			requireCode(t, model.CodeForbidden, err)
			continue
		}
		require.NoError(t, err, test.name)
		test.want.Subject, test.want.Email = id, "A@example.com"
		require.Equal(t, test.want, p, test.name)
	}
}

func TestCensusTokensThatAreNotValid(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	good, _ := f.token(t, censusdev.User{Access: censusdev.In("a")})
	for _, token := range []string{good + "x", "opaque", "a.b.c", "with space", "line\nbreak", ""} {
		_, err := f.asked.Authenticate(t.Context(), token)
		requireCode(t, model.CodeUnauthorized, err)
	}
	require.False(t, f.asked.Issued("opaque"), "Census has just refused it")
	require.True(t, f.asked.Issued("never seen"), "it might be one of Census's")
	_, err := f.asked.Authenticate(t.Context(), good)
	require.NoError(t, err)
	require.True(t, f.asked.Issued(good))
}

func TestCensusClaimNarrows(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	_, user := f.token(t, censusdev.User{Access: censusdev.In("a", "b")})
	_, admin := f.token(t, censusdev.User{Groups: censusdev.Admins()})
	claim := func(subject string, tenant any) string {
		return signWith(t, testkit.CensusSecret, jwt.MapClaims{
			"sub": subject, "exp": time.Now().Add(time.Hour).Unix(), "subtenant_id": tenant, "groups": "of any form",
		})
	}
	p, err := f.asked.Authenticate(t.Context(), claim(user, "b"))
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, p.Tenants)
	require.True(t, p.Fixed)
	_, err = f.asked.Authenticate(t.Context(), claim(user, "c"))
	requireCode(t, model.CodeForbidden, err)
	p, err = f.asked.Authenticate(t.Context(), claim(admin, "c"))
	require.NoError(t, err)
	require.Equal(t, []string{"c"}, p.Tenants)
	p, err = f.asked.Authenticate(t.Context(), claim(user, 7))
	require.NoError(t, err)
	require.False(t, p.Fixed)
}

func signWith(t *testing.T, secret []byte, claims jwt.MapClaims) string {
	t.Helper()
	return sign(t, jwt.SigningMethodHS256, secret, claims)
}

func TestCensusAnswersAreKept(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	token, _ := f.token(t, censusdev.User{Access: censusdev.In("a")})
	for range 3 {
		_, err := f.asked.Authenticate(t.Context(), token)
		require.NoError(t, err)
	}
	require.Equal(t, 3, f.census.Calls(""), "three questions, once")
	f.census.Break(censusdev.Fault{Status: 500})
	_, err := f.asked.Authenticate(t.Context(), token)
	require.NoError(t, err, "whose answer is kept goes on working")
}

// Many callers with one token make one call, and one of them that goes away
// takes nothing from the others.
func TestCensusMissesAreCollapsed(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	token, _ := f.token(t, censusdev.User{Access: censusdev.In("a")})
	f.census.Break(censusdev.Fault{Path: "/me", Stall: true})
	gone, leave := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := f.asked.Authenticate(gone, token)
		first <- err
	}()
	require.Eventually(t, func() bool { return f.census.Calls("/me") == 1 }, 10*time.Second, time.Millisecond)
	leave()
	requireCode(t, model.CodeUnavailable, <-first)

	answers := make(chan error, 20)
	for range cap(answers) {
		go func() {
			_, err := f.asked.Authenticate(t.Context(), token)
			answers <- err
		}()
	}
	f.census.Mend()
	for range cap(answers) {
		require.NoError(t, <-answers)
	}
	require.Equal(t, 1, f.census.Calls("/me"))
}

func TestCensusAway(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]censusdev.Fault{
		"fails":                      {Status: 500},
		"is overloaded":              {Status: 429},
		"stalls":                     {Stall: true},
		"stalls half-way":            {Path: "/groups", Stall: true},
		"redirects":                  {Status: 302},
		"is not JSON":                {Body: "<html>"},
		"is empty":                   {},
		"is an array":                {Path: "/me", Body: "[]"},
		"leaves the id out":          {Path: "/me", Body: `{"is_active":true}`},
		"leaves is_active out":       {Path: "/me", Body: `{"id":"u","email":"e"}`},
		"has an id of another kind":  {Path: "/me", Body: `{"id":{},"is_active":true}`},
		"fails on groups":            {Path: "/groups", Status: 503},
		"is no list of access":       {Path: "/service-access", Body: `{"items":[]}`},
		"has access of another kind": {Path: "/service-access", Body: `["maestro"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setupCensus(t, time.Second)
			token, _ := f.token(t, censusdev.User{Access: censusdev.In("a"), Groups: censusdev.Admins()})
			if fault == (censusdev.Fault{}) {
				fault.Status = 200
			}
			f.census.Break(fault)
			_, err := f.asked.Authenticate(t.Context(), token)
			e := requireCode(t, model.CodeUnavailable, err)
			require.Positive(t, e.RetryAfter)
			require.NotContains(t, err.Error(), token)
			require.True(t, f.asked.Issued(token), "it may be valid")
			f.census.Mend()
			_, err = f.asked.Authenticate(t.Context(), token)
			require.NoError(t, err, "a failure is never kept")
		})
	}
}

func TestCensusRefusalsOfMe(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403, 404} {
		f := setupCensus(t, 0)
		token, _ := f.token(t, censusdev.User{Access: censusdev.In("a")})
		f.census.Break(censusdev.Fault{Path: "/me", Status: status})
		_, err := f.asked.Authenticate(t.Context(), token)
		requireCode(t, model.CodeUnauthorized, err)
		f.census.Mend()
		_, err = f.asked.Authenticate(t.Context(), token)
		require.NoError(t, err, "a refusal is not kept either")
	}
}

// A Census that is down is asked a few times and then left alone.
func TestCensusIsNotHammered(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	token, _ := f.token(t, censusdev.User{Access: censusdev.In("a")})
	f.census.Break(censusdev.Fault{Status: 500})
	for range 50 {
		_, err := f.asked.Authenticate(t.Context(), token)
		requireCode(t, model.CodeUnavailable, err)
	}
	require.Less(t, f.census.Calls(""), 10)

	other := setupCensus(t, 0)
	token, _ = other.token(t, censusdev.User{Access: censusdev.In("a")})
	other.census.Break(censusdev.Fault{Status: 429, RetryAfter: 7})
	_, err := other.asked.Authenticate(t.Context(), token)
	require.Equal(t, 7*time.Second, requireCode(t, model.CodeUnavailable, err).RetryAfter)
	_, err = other.asked.Authenticate(t.Context(), token)
	requireCode(t, model.CodeUnavailable, err)
	require.Equal(t, 1, other.census.Calls(""))
}

func TestCensusGrantAndRevoke(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	token, id := f.token(t, censusdev.User{Email: "Bob@Example.com", Access: censusdev.In("a")})
	admin, adminID := f.token(t, censusdev.User{Email: "root@example.com", Groups: censusdev.Admins()})
	_, err := f.asked.Authenticate(t.Context(), token)
	require.NoError(t, err)

	user, err := f.client.FindUser(t.Context(), admin, "bob@example.COM")
	require.NoError(t, err)
	require.Equal(t, auth.CensusUser{ID: id, Email: "Bob@Example.com"}, user)
	_, err = f.client.FindUser(t.Context(), admin, "unknown@example.com")
	requireCode(t, model.CodeNotFound, err)
	_, err = f.client.FindUser(t.Context(), token, "bob@example.com")
	requireCode(t, model.CodeForbidden, err)

	for range 2 { // a second time changes nothing
		require.NoError(t, f.client.Grant(t.Context(), admin, id, "b", adminID))
	}
	stored, _ := f.census.User(id)
	require.Len(t, stored.Access, 2)
	require.Equal(t, adminID, stored.Access[1].GrantedBy)
	f.asked.Forget(id)
	p, err := f.asked.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, p.Tenants, "at once")

	for range 2 {
		require.NoError(t, f.client.Revoke(t.Context(), admin, id, "a"))
	}
	require.NoError(t, f.client.RevokeAll(t.Context(), admin, "b"))
	f.asked.Forget(id)
	_, err = f.asked.Authenticate(t.Context(), token)
	requireCode(t, model.CodeForbidden, err)

	requireCode(t, model.CodeForbidden, f.client.Grant(t.Context(), token, id, "b", id))
	requireCode(t, model.CodeForbidden, f.client.Revoke(t.Context(), token, id, "b"))
	requireCode(t, model.CodeNotFound, f.client.Grant(t.Context(), admin, "missing", "b", adminID))
	requireCode(t, model.CodeNotFound, f.client.Grant(t.Context(), admin, "..", "b", adminID))
	requireCode(t, model.CodeUnauthorized, f.client.Grant(t.Context(), "x", id, "b", adminID))
}

func TestCensusIDsThatAreNumbers(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	token, _ := f.token(t, censusdev.User{ID: "42", Access: censusdev.In("a"), Groups: censusdev.Admins()})
	f.census.Break(censusdev.Fault{Path: "/me", Body: `{"id":42,"email":"e","is_active":true}`})
	p, err := f.asked.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, "42", p.Subject)
}

// In local-JWT mode Census is asked for what the token leaves out, and for
// nothing else.
func TestLocalAsksCensus(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	bob, id := f.token(t, censusdev.User{Email: "bob@example.com", Access: censusdev.In("a", "b"), Groups: censusdev.Admins()})
	local := func(client *auth.CensusClient) *auth.Local {
		l, err := auth.NewLocal(testkit.CensusSecret, "")
		require.NoError(t, err)
		if client != nil {
			l.AskCensus(client)
		}
		return l
	}
	_, err := local(nil).Authenticate(t.Context(), bob)
	requireCode(t, model.CodeForbidden, err)

	asking := local(f.client)
	p, err := asking.Authenticate(t.Context(), bob)
	require.NoError(t, err)
	require.Equal(t, &auth.Principal{Subject: id, Email: "bob@example.com", Admin: true, Tenants: []string{"a", "b"}}, p)
	require.Equal(t, 0, f.census.Calls("/me"), "the token says who its bearer is")
	_, err = asking.Authenticate(t.Context(), bob)
	require.NoError(t, err)
	require.Equal(t, 2, f.census.Calls(""))
	asking.Forget(id)
	_, err = asking.Authenticate(t.Context(), bob)
	require.NoError(t, err)
	require.Equal(t, 4, f.census.Calls(""))

	claims := jwt.MapClaims{"sub": id, "email": "bob@example.com", "exp": time.Now().Add(time.Hour).Unix(), "subtenant_id": "c", "groups": []string{}}
	p, err = asking.Authenticate(t.Context(), signWith(t, testkit.CensusSecret, claims))
	require.NoError(t, err)
	require.Equal(t, []string{"c"}, p.Tenants)
	require.False(t, p.Admin)
	require.Equal(t, 4, f.census.Calls(""), "a token that says all is not asked about")

	delete(claims, "groups")
	p, err = asking.Authenticate(t.Context(), signWith(t, testkit.CensusSecret, claims))
	require.NoError(t, err)
	require.True(t, p.Admin)
	require.Equal(t, []string{"c"}, p.Tenants)

	f.census.Break(censusdev.Fault{Status: 500})
	claims["jti"] = "another"
	_, err = asking.Authenticate(t.Context(), signWith(t, testkit.CensusSecret, claims))
	requireCode(t, model.CodeUnavailable, err)
}

func TestNewCensusClientRefusesOtherURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "census:8001", "ftp://census", "http://", "/path", "http://a b"} {
		_, err := auth.NewCensusClient(url, 0)
		require.Error(t, err, url)
	}
	client, err := auth.NewCensusClient("http://127.0.0.1:1", 0)
	require.NoError(t, err)
	_, err = auth.NewCensus(client).Authenticate(t.Context(), "x")
	require.False(t, errors.Is(err, context.Canceled))
	requireCode(t, model.CodeUnavailable, err)
}
