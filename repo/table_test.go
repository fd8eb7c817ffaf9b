package repo_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/repo"
)

// A column that a migration adds has to be described: otherwise it would be
// written by no statement.
func TestTablesDescribeTheDatabase(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	for table, described := range repo.Columns() {
		rows, err := db.Pool().Query(t.Context(), `SELECT column_name || ' ' || udt_name FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`, table)
		require.NoError(t, err)
		real, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Equal(t, real, described, table)
	}
}

// requireFull fails when a field of value is zero, so that a test which writes and
// reads it covers each of them.
func requireFull(t *testing.T, value any, except ...string) {
	t.Helper()
	v := reflect.ValueOf(value)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		require.True(t, slices.Contains(except, name) || !v.Field(i).IsZero(), fmt.Sprintf("%s.%s is not covered", v.Type(), name))
	}
}
