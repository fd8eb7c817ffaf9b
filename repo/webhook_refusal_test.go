package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// TestRefusalsGoByRetention: at the term of their subtenant.
func TestRefusalsGoByRetention(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	hooks := map[string]model.Webhook{}
	for tenant, days := range map[string]int{"short": 2, "long": 20, "ever": 0} {
		s := populate(t, db, tenant) // a refusal of now
		_, err := db.Pool().Exec(t.Context(), "UPDATE subtenants SET retention_days = $2 WHERE id = $1", tenant, days)
		require.NoError(t, err)
		hooks[tenant] = s.webhook
		for _, age := range []int{1, 10, 100} {
			at := now.AddDate(0, 0, -age)
			require.NoError(t, db.AddRefusals(t.Context(), []repo.Refusal{{
				ID: model.NewIDAt(at), Tenant: tenant, WebhookID: s.webhook.ID, Minute: at.Truncate(time.Minute), Reason: "signature_stale", Calls: 1, LastAt: at, Method: "POST",
			}}))
		}
	}
	_, err := db.Retain(t.Context(), now, 30)
	require.NoError(t, err)
	for tenant, want := range map[string]int{"short": 2, "long": 3, "ever": 4} {
		left, _, err := db.ListRefusals(t.Context(), tenant, hooks[tenant].ID, repo.Page{})
		require.NoError(t, err)
		require.Len(t, left, want, tenant)
	}
}
