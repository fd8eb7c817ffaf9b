package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExamplesAsABodyOfApply(t *testing.T) {
	t.Parallel()
	f := setup(t)
	body := f.must(ask{call: "GET /api/v1/examples", status: http.StatusOK}).text
	require.Contains(t, body, f.url+"/examples/documents/invoice-1001.txt", "the schedule's input names this server")
	first := f.apply(body)
	require.NotEmpty(t, first.Functions)
	require.NotEmpty(t, first.Webhooks)
	require.Len(t, first.Schedules, 1)
	for _, item := range first.Functions {
		require.Equal(t, "create", item.Action, item.Name)
		require.Empty(t, item.Warnings, item.Name)
	}
	require.Contains(t, f.must(ask{call: "POST /api/v1/h/hello", token: "-", body: `{"name":"Ada"}`, status: http.StatusOK}).text, "Ada")
	for _, item := range f.apply(body).Functions {
		require.Equal(t, "unchanged", item.Action, item.Name)
	}
}

func TestExamplesOfASecondSubtenant(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.apply(f.must(ask{call: "GET /api/v1/examples", status: http.StatusOK}).text)
	other := f.mint("other", false)
	public := f.must(ask{call: "GET /api/v1/examples", token: other, status: http.StatusOK}).text
	refused := f.must(ask{call: "POST /api/v1/apply", token: other, body: public, status: http.StatusConflict}).text
	require.Contains(t, refused, "path_taken")
	private := f.must(ask{call: "GET /api/v1/examples?requires_auth=true", token: other, status: http.StatusOK}).text
	require.Equal(t, 0, strings.Count(private, `"requires_auth":false`))
	f.must(ask{call: "POST /api/v1/apply", token: other, body: private, status: http.StatusOK})
	f.must(ask{call: "POST /api/v1/h/@other/hello", token: other, body: `{"name":"Ada"}`, status: http.StatusOK})
}
