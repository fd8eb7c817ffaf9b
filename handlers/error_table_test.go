package handlers

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestEveryCodeHasARow(t *testing.T) {
	t.Parallel()
	for _, code := range model.Codes {
		m, found := meanings[code]
		require.True(t, found, "%s has no row", code)
		require.NotEmpty(t, m.title, code)
		require.NotEmpty(t, http.StatusText(m.status), code)
		if m.status == http.StatusTooManyRequests || m.status == http.StatusServiceUnavailable {
			require.NotZero(t, m.retryAfter, "%s has no Retry-After", code)
		}
	}
	require.Len(t, meanings, len(model.Codes), "a row without a code")
	require.Equal(t, http.StatusInternalServerError, meaningOf("unknown").status)
	require.Equal(t, "/problems/function-not-found", typeOf(model.CodeFunctionNotFound))
}
