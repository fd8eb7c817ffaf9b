package handlers_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

type listedSecret struct {
	Name       string     `json:"name"`
	LastReadAt *time.Time `json:"last_read_at"`
	Readers    []struct {
		Function, Kind string
		Version        int
		Computed       bool
	} `json:"readers"`
}

// secrets lists the subtenant's secrets by name.
func (f *fixture) listSecrets() map[string]listedSecret {
	f.t.Helper()
	var all []listedSecret
	require.NoError(f.t, json.Unmarshal([]byte(f.must(ask{call: "GET /api/v1/secrets", status: 200}).text), &all))
	found := map[string]listedSecret{}
	for _, s := range all {
		found[s.Name] = s
	}
	return found
}

// readersOf are the names of the functions that read a secret, with a question mark
// those that compute names.
func (f *fixture) readersOf(secret string) []string {
	f.t.Helper()
	readers := f.listSecrets()[secret].Readers
	require.NotNil(f.t, readers)
	names := []string{}
	for _, r := range readers {
		if r.Computed {
			r.Function += "?"
		}
		names = append(names, r.Function)
	}
	return names
}

// TestReadersOfASecret: what reads it is found in the code as the compiler sees it, not
// in its text.
func TestReadersOfASecret(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"swordfish-1"}`, status: 204})
	f.must(ask{call: "PUT /api/v1/secrets/a.b", body: `{"value":"swordfish-2"}`, status: 204})
	require.Empty(t, f.readersOf("KEY"))
	f.function("module_reads", "import maestro\nKEY = maestro.secret('KEY')", asModule)
	for name, code := range map[string]string{
		"plain":     "import maestro\ndef plain(x):\n    return maestro.secret('KEY')",
		"keyword":   "import maestro\ndef keyword(x):\n    return maestro.secret(name=\"KEY\")",
		"as_module": "def as_module(x):\n    import maestro as m\n    return [m.secret('a.b') for _ in range(2)]",
		"imported":  "from maestro import secret\nclass Key:\n    value = property(lambda self: f\"{secret('KEY')}\")\ndef imported(x):\n    return Key().value",
		"as_name":   "from maestro import secret as read, log\ndef as_name(x=None, *, key=read('KEY')): return key\ndef as_name(x):\n    return read('KEY') + read('KEY')",
		"joined":    "import maestro\ndef joined(x):\n    return maestro.secret('K' 'E' 'Y')",

		"in_comment": "import maestro\ndef in_comment(x):\n    # maestro.secret('KEY')\n    return maestro.log",
		"in_text":    "import maestro\ndef in_text(x):\n    return \"maestro.secret('KEY')\"",
		"another":    "import maestro\nclass Vault:\n    def secret(self, name): return name\ndef another(x):\n    return Vault().secret('KEY')",
		"own":        "def secret(name): return name\ndef own(x):\n    return secret('KEY')",
		"other":      "import maestro\ndef other(x):\n    return maestro.secret('MISSING')",
		"no_text":    "import maestro\ndef no_text(x):\n    return maestro.secret(b'KEY'), maestro.secret()",
	} {
		f.function(name, code)
	}
	want := []string{"as_name", "imported", "joined", "keyword", "module_reads", "plain"}
	require.Equal(t, want, f.readersOf("KEY"))
	require.Equal(t, []string{"as_module"}, f.readersOf("a.b"))
	readers := f.listSecrets()["KEY"].Readers
	require.Equal(t, "function", readers[0].Kind)
	require.Equal(t, 1, readers[0].Version)
	require.Equal(t, "module", readers[4].Kind)

	// The active version counts.
	f.change("plain", "def plain(x):\n    return x")
	require.NotContains(t, f.readersOf("KEY"), "plain")
	f.change("plain", "import maestro\ndef plain(x):\n    return maestro.secret('KEY'), 3")
	require.Equal(t, 3, f.listSecrets()["KEY"].Readers[5].Version)
	f.must(ask{call: "DELETE /api/v1/functions/joined", status: 204})
	require.Equal(t, []string{"as_name", "imported", "keyword", "module_reads", "plain"}, f.readersOf("KEY"))
	f.must(ask{call: "PUT /api/v1/secrets/KEY", token: f.mint("apart", false), body: `{"value":"swordfish-3"}`, status: 204})
	f.must(ask{name: "another subtenant's functions are not told of", call: "GET /api/v1/secrets", token: f.mint("apart", false), status: 200, want: []string{`"readers":[]`}})
}

// TestReadersThatComputeNames: code that gives maestro.secret anything but a text, or hands
// it on, may read each secret, and is told apart from code that names one.
func TestReadersThatComputeNames(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"swordfish-1"}`, status: 204})
	f.must(ask{call: "PUT /api/v1/secrets/OTHER", body: `{"value":"swordfish-2"}`, status: 204})
	for name, code := range map[string]string{
		"joined":     "import maestro\ndef joined(x):\n    return maestro.secret('KE' + x)",
		"formatted":  "from maestro import secret as read\ndef formatted(x):\n    return read(name=f'{x}_KEY')",
		"given":      "import maestro as m\ndef given(x):\n    return m.secret(x), m.secret('KEY')",
		"handed_on":  "import maestro\ndef handed_on(x):\n    return list(map(maestro.secret, x))",
		"renamed":    "from maestro import secret\nread = secret\ndef renamed(x):\n    return read('KEY')",
		"unpacked":   "import maestro\ndef unpacked(x):\n    return maestro.secret(**x)",
		"named":      "import maestro\ndef named(x):\n    return maestro.secret(name='KEY')",
		"unrelated":  "def secret(x):\n    return x\ndef unrelated(x):\n    return secret(x + 'KEY')",
		"not_a_text": "import maestro\ndef not_a_text(x):\n    return maestro.secret(7), maestro.secret()",
	} {
		f.function(name, code)
	}
	require.Equal(t, []string{"formatted?", "given", "handed_on?", "joined?", "named", "renamed?", "unpacked?"}, f.readersOf("KEY"))
	require.Equal(t, []string{"formatted?", "given?", "handed_on?", "joined?", "renamed?", "unpacked?"}, f.readersOf("OTHER"))

	// An earlier server has noted the constant names only.
	conn, err := pgx.Connect(t.Context(), f.database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	_, err = conn.Exec(t.Context(), `UPDATE function_versions SET secrets = array_remove(array_remove(secrets, '*'), '+')`)
	require.NoError(t, err)
	require.Equal(t, []string{"formatted?", "given?", "handed_on?", "joined?", "renamed?", "unpacked?"}, f.readersOf("OTHER"))
	var unread int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM function_versions WHERE NOT secrets @> '{+}'").Scan(&unread))
	require.Zero(t, unread)
}

// TestReadersOfBeforeTheirRecord: versions whose names were not recorded are read when
// they are asked for, some hundred a request, and until then the readers are unknown.
func TestReadersOfBeforeTheirRecord(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"swordfish-1"}`, status: 204})
	f.function("plain", "import maestro\ndef plain(x):\n    return maestro.secret('KEY')")
	conn, err := pgx.Connect(t.Context(), f.database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	_, err = conn.Exec(t.Context(), "UPDATE function_versions SET secrets = NULL")
	require.NoError(t, err)
	require.Equal(t, []string{"plain"}, f.readersOf("KEY"))
	var unread int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM function_versions WHERE secrets IS NULL").Scan(&unread))
	require.Zero(t, unread, "the names are stored")

	// More than one request reads: 250 more functions, saved by another server.
	_, err = conn.Exec(t.Context(), `
WITH many AS (SELECT gen_random_uuid() AS id, gen_random_uuid() AS version_id, 'many_' || i AS name FROM generate_series(1, 250) i),
     versions AS (
         INSERT INTO function_versions (id, tenant, function_id, version, code, created_at)
         SELECT m.version_id, f.tenant, m.id, 1, replace(v.code, 'plain', m.name), now() FROM many m, functions f JOIN function_versions v ON v.id = f.version_id WHERE f.name = 'plain')
INSERT INTO functions (id, tenant, name, version, version_id, created_at, updated_at) SELECT m.id, f.tenant, m.name, 1, m.version_id, now(), now() FROM many m, functions f WHERE f.name = 'plain'`)
	require.NoError(t, err)
	require.Nil(t, f.listSecrets()["KEY"].Readers, "not known yet")
	require.Len(t, f.readersOf("KEY"), 251)
}
