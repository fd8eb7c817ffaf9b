package migrations_test

import (
	"io/fs"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/migrations"
)

func TestUpDownUp(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyDatabaseURL(t)
	done, err := migrations.Up(t.Context(), url)
	require.NoError(t, err)
	require.NotEmpty(t, done)
	first := schema(t, url)
	require.Contains(t, first, "executions.id uuid NO")

	again, err := migrations.Up(t.Context(), url)
	require.NoError(t, err)
	require.Empty(t, again, "nothing is pending")

	_, err = migrations.Down(t.Context(), url)
	require.NoError(t, err)
	for _, column := range schema(t, url) {
		require.Contains(t, column, "goose_db_version.", "down leaves nothing behind")
	}
	_, err = migrations.Up(t.Context(), url)
	require.NoError(t, err)
	require.Equal(t, first, schema(t, url))
}

func TestSeveralMigratorsAtOnce(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyDatabaseURL(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	applied := 0
	for range 4 {
		wg.Go(func() {
			done, err := migrations.Up(t.Context(), url)
			if err != nil {
				t.Errorf("migrate: %v", err)
			}
			mu.Lock()
			applied += len(done)
			mu.Unlock()
		})
	}
	wg.Wait()
	require.Equal(t, fileCount(t), applied, "each migration ran once")
}

func TestStatus(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyDatabaseURL(t)
	before, err := migrations.Status(t.Context(), url)
	require.NoError(t, err)
	require.Len(t, before, fileCount(t))
	require.True(t, before[0].AppliedAt.IsZero())

	_, err = migrations.Up(t.Context(), url)
	require.NoError(t, err)
	after, err := migrations.Status(t.Context(), url)
	require.NoError(t, err)
	for _, migration := range after {
		require.WithinDuration(t, time.Now(), migration.AppliedAt, time.Hour)
	}
	require.Equal(t, "00001_subtenants.sql", after[0].Name)
}

func TestErrorsHideThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://u:hunter2@[bad/db", "postgres://u:hunter2@127.0.0.1:1/db?connect_timeout=1"} {
		_, err := migrations.Up(t.Context(), url)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// TestFilesAreNumberedWithoutGaps catches two branches that took one number.
func TestFilesAreNumberedWithoutGaps(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(migrations.Files, "*.sql")
	require.NoError(t, err)
	form := regexp.MustCompile(`^(\d{5})_[a-z_]+\.sql$`)
	for i, name := range names {
		match := form.FindStringSubmatch(name)
		require.NotNil(t, match, name)
		require.Equal(t, i+1, atoi(t, match[1]), name)
	}
}

func fileCount(t *testing.T) int {
	t.Helper()
	names, err := fs.Glob(migrations.Files, "*.sql")
	require.NoError(t, err)
	return len(names)
}

func atoi(t *testing.T, digits string) (n int) {
	t.Helper()
	for _, d := range digits {
		n = 10*n + int(d-'0')
	}
	return n
}

// schema lists every column, index and function of a database.
func schema(t *testing.T, url string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `
		SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
		FROM information_schema.columns WHERE table_schema = 'public'
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'goose_db_version'
		UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		ORDER BY 1`)
	require.NoError(t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return columns
}
