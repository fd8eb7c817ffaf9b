package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// The server that is started by the supervisor reads the same settings, though it
// has neither the environment nor the file.
func TestGatheredSettings(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, ".env"), []byte("PORT=8123\nHOST=127.0.0.3\nPIP_TIMEOUT=3\nCENSUS_JWT_SECRET="+longSecret+"\n"), 0o600))
	environ := []string{"HOST=127.0.0.4", "DATA_DIR=/srv/maestro", "PIP_CERT=/etc/own.pem", "OTHER_SECRET=hidden", "PIP_INDEX_URL=https://u:p@pip.example.com"}
	want, _, err := Load(environ, folder)
	require.NoError(t, err)
	want.PipVariables = []string{"PIP_CERT=/etc/own.pem"} // of the environment alone, as pip reads it
	pairs := Gather(environ, folder)
	got, err := Parse(pairs)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.NotContains(t, pairs, "OTHER_SECRET=hidden")
	got, err = Parse(Gather([]string{"DATA_DIR=/srv/maestro"}, t.TempDir()))
	require.NoError(t, err)
	require.Equal(t, load(t, "DATA_DIR=/srv/maestro"), got)
}

// An address of PostgreSQL that the environment completes says the same without
// that environment.
func TestCompletedPostgresAddress(t *testing.T) {
	t.Parallel()
	environ := map[string]string{
		"PGPASSWORD": "p@ss word/?", "PGUSER": "ada", "PGHOST": "db.example.com", "PGPORT": "6000", "PGDATABASE": "books", "PGSSLMODE": "disable",
		"PGAPPNAME": "shop",
	}
	for address, want := range map[string][]any{ // user, password, host, port, database
		"postgres://":                                    {"ada", "p@ss word/?", "db.example.com", 6000, "books"},
		"postgres://eve@other/":                          {"eve", "p@ss word/?", "other", 6000, "books"},
		"postgres://eve:secret@other:1/letters":          {"eve", "secret", "other", 1, "letters"},
		"postgres:///letters?host=/run/pg&sslmode=allow": {"ada", "p@ss word/?", "/run/pg", 6000, "letters"},
	} {
		c, err := pgconn.ParseConfig(completePostgresURL(address, environ))
		require.NoError(t, err, address)
		require.Equal(t, want, []any{c.User, c.Password, c.Host, int(c.Port), c.Database}, address)
		require.Equal(t, "shop", c.RuntimeParams["application_name"])
	}
	require.Equal(t, "postgres://db/a", completePostgresURL("postgres://db/a", nil))
	require.Empty(t, completePostgresURL("", environ))
}
