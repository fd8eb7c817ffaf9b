package handlers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/censusdev"
)

// TestAccessIsListed: page by page, of one subtenant, to administrators alone.
func TestAccessIsListed(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 5*time.Second)
	for _, id := range []string{"company-a", "company-b"} {
		f.must(ask{call: "POST /api/v1/subtenants", body: `{"subtenant_id":"` + id + `"}`, status: 201})
	}
	const list = "/api/v1/subtenants/company-a/access"
	f.must(ask{call: "GET " + list, status: 200, want: []string{"[]"}})
	var want []string
	for i := range 30 {
		access := censusdev.In("company-b")
		if i%3 == 0 {
			access = censusdev.In("company-a", "company-b")
			want = append(want, fmt.Sprintf("U%02d@example.com", i))
		}
		f.add(censusdev.User{Email: fmt.Sprintf("U%02d@example.com", i), Access: access})
	}
	f.must(ask{call: "POST /api/v1/subtenants/company-a/grant-access", body: `{"user_email":"user@example.com"}`, status: 200})
	want = append(want, "User@Example.com")
	for _, limit := range []int{1, 2, 5, 100} {
		require.Equal(t, want, column(f.page(list, limit), "user_email"), limit)
	}
	require.Equal(t, want[3:], column(f.page(list+"?offset=3", 4), "user_email"))
	require.Equal(t, f.user.ID, f.page(list, 100)[len(want)-1]["user_id"])
	f.must(ask{call: "DELETE /api/v1/subtenants/company-a/revoke-access", body: `{"user_email":"user@example.com"}`, status: 200})
	require.Equal(t, want[:len(want)-1], column(f.page(list, 100), "user_email"))
	f.all([]ask{
		{name: "a user", call: "GET " + list, token: f.userT, status: 403},
		{name: "no token", call: "GET " + list, token: "-", status: 401},
		{name: "no such subtenant", call: "GET /api/v1/subtenants/missing/access", status: 404},
		{name: "another list's cursor", call: "GET " + list + "?cursor=eA", status: 400},
	})
}

func TestAccessWithoutCensus(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.token = f.mint("", true)
	f.must(ask{call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-a"}`, status: 201})
	f.must(ask{call: "GET /api/v1/subtenants/company-a/access", status: 409, want: []string{`"code":"no_census"`}})
}
