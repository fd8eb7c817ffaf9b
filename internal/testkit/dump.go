package testkit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Dump returns every row of every table of a database as text, bytes as they
// are where they are text: for tests of data that must not be stored.
func Dump(t testing.TB, url string) string {
	t.Helper()
	all, err := dump(t, url)
	if err != nil {
		t.Fatalf("dump the test's database: %v", err)
	}
	return all
}

func dump(t testing.TB, url string) (string, error) {
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SET bytea_output = 'escape'"); err != nil {
		return "", err
	}
	tables, err := texts(conn.Query(ctx, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"))
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, table := range tables {
		rows, err := texts(conn.Query(ctx, fmt.Sprintf("SELECT t::text FROM %s t", table)))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&all, "%s\n%s\n", table, strings.Join(rows, "\n"))
	}
	return all.String(), nil
}

func texts(rows pgx.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
