package folder

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
}

func TestFolderOfFunctions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"greet.py": "def greet(input):\n    return 'Hello'\n",
		"greet.toml": "description = 'Greets'\ntimeout_seconds = 5\ninput_schema = '''{\"type\": \"object\"}'''\n" +
			"[retry]\nmax_attempts = 2\n[[webhooks]]\npath = 'greet'\n[[schedules]]\nname = 'nightly'\ncron_expression = '@daily'\ninput_data = { n = 1 }\n",
		"fetch.py":    "# /// script\n# requires-python = \">=3.14\"\n# dependencies = [\"httpx>=0.27\"]\n#\n# [tool.maestro]\n# tags = [\"net\"]\n# ///\ndef fetch(input):\n    return 1\n",
		"orphan.toml": "[[webhooks]]\npath = 'orphan'\nhttp_method = 'GET'\n", "test_greet.py": "def test_greet(): ...\n", "conftest.py": "", "README.md": "x", "pyproject.toml": "[project]\n",
	})
	f, err := Read(dir)
	require.NoError(t, err)
	require.Empty(t, f.Faults)
	require.Len(t, f.Items, 5)
	require.Equal(t, "Greets", f.Items[Key{Function, "greet"}]["description"])
	require.Equal(t, map[string]any{"type": "object"}, f.Items[Key{Function, "greet"}]["input_schema"])
	require.Equal(t, map[string]any{"max_attempts": json.Number("2")}, f.Items[Key{Function, "greet"}]["retry"])
	require.Equal(t, "greet", f.Items[Key{Webhook, "POST greet"}]["function_name"])
	require.Equal(t, map[string]any{"n": json.Number("1")}, f.Items[Key{Schedule, "nightly"}]["input_data"])
	require.Equal(t, []any{"httpx>=0.27"}, f.Items[Key{Function, "fetch"}]["requirements"])
	require.Equal(t, []any{"net"}, f.Items[Key{Function, "fetch"}]["tags"])
	require.Equal(t, "orphan", f.Items[Key{Webhook, "GET orphan"}]["function_name"])

	changed, err := Write(dir, []string{"greet", "fetch", "orphan"}, f.Items)
	require.NoError(t, err)
	require.Empty(t, changed, "what the files say already is not written again")

	// A setting that differs from the block gets a file, which replaces the block.
	f.Items[Key{Function, "fetch"}]["tags"], f.Items[Key{Function, "fetch"}]["requirements"] = []any{}, []any{}
	changed, err = Write(dir, []string{"fetch"}, f.Items)
	require.NoError(t, err)
	require.Equal(t, []string{"fetch.toml"}, changed)
	again, err := Read(dir)
	require.NoError(t, err)
	require.True(t, Same(Function, f.Items[Key{Function, "fetch"}], again.Items[Key{Function, "fetch"}]))

	delete(f.Items, Key{Function, "greet"})
	delete(f.Items, Key{Webhook, "POST greet"})
	delete(f.Items, Key{Schedule, "nightly"})
	changed, err = Write(dir, []string{"greet"}, f.Items)
	require.NoError(t, err)
	require.Equal(t, []string{"greet.py", "greet.toml"}, changed)
	require.NoFileExists(t, filepath.Join(dir, "greet.py"))
}

// Windows' editors begin a file with a mark and end lines with two characters;
// code that several folders share is a link.
func TestFilesOfOtherEditors(t *testing.T) {
	t.Parallel()
	dir, shared := t.TempDir(), t.TempDir()
	write(t, dir, map[string]string{
		"a.py":   "\uFEFF# /// script\r\n# dependencies = [\"x\"]\r\n# ///\r\ndef a(input):\r\n    return 1\r\n",
		"a.toml": "\uFEFFdescription = 'a'\r\n", ".a.py.swp": "", "a.py~": "", ".#a.py": "",
	})
	write(t, shared, map[string]string{"b.py": "b\n"})
	require.NoError(t, os.Symlink(filepath.Join(shared, "b.py"), filepath.Join(dir, "b.py")))
	f, err := Read(dir)
	require.NoError(t, err)
	require.Empty(t, f.Faults)
	require.Len(t, f.Items, 2)
	require.Equal(t, "a", f.Items[Key{Function, "a"}]["description"])
	f.Items[Key{Function, "b"}]["code"] = "other\n"
	_, err = Write(dir, []string{"a", "b"}, f.Items)
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(shared, "b.py"))
	require.NoError(t, err)
	require.Equal(t, "other\n", string(content))
	info, err := os.Lstat(filepath.Join(dir, "b.py"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
}

func TestFaultsOfFilesAreAllNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code := "def f(input):\n    return 1\n"
	write(t, dir, map[string]string{
		"a.py": code, "a.toml": "tags = [\n", "b.py": code, "b.toml": "colour = 'red'\n", "c.py": code, "c.toml": "input_schema = '{'\n",
		"d.py": "x = 1\n<<<<<<< folder\ny\n=======\nz\n>>>>>>> server\n", "e-f.py": code, "g.toml": "tags = ['x']\n", "h.py": "\xff",
		"i.py": code, "i.toml": "[[webhooks]]\npath = 'same'\n", "j.py": code, "j.toml": "[[webhooks]]\npath = 'same'\n[[webhooks]]\nhttp_method = 'GET'\n",
		"k.py": code, "k.toml": "[[webhooks]]\npath = 'same'\n", "l.py": code, "l.toml": "timeout_seconds = 2026-01-01\nwebhooks = 1\n",
	})
	f, err := Read(dir)
	require.NoError(t, err)
	var all []string
	for _, fault := range f.Faults {
		all = append(all, fault.String())
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{"a.toml: line", "b.toml: colour is not a setting of a function; use kind, description", "c.toml: input_schema is not JSON text", "d.py:2: has the markers", "e-f.py: is not a name", "g.toml: has the settings of a function, and there is no g.py", "h.py: is not UTF-8", "j.toml: webhooks 2: path is missing", "k.toml: has the webhook POST same, which i.toml has too", "l.toml: webhooks must be tables"} {
		require.Contains(t, text, want)
	}
	_, err = Read(filepath.Join(dir, "absent"))
	require.ErrorContains(t, err, "there is no folder")
	_, err = Read(filepath.Join(dir, "d.py"))
	require.ErrorContains(t, err, "d.py is a file; name the folder that it is in, "+dir)
}

// maker makes random items in the form in which a server shows them.
type maker struct{ *rand.Rand }

var pieces = []string{"a", "Z", "9", " ", "\n", "\t", `"`, "'", "'''", `"""`, `\`, "#", "=", "[", "]", "{", "}", "é", "語", "😀", "\x01", "\x7f", "\u2028", "\r", "<", "&", "# ///", "\\u0041", "$"}

func (m maker) text() string {
	var b strings.Builder
	for range m.IntN(12) {
		b.WriteString(pieces[m.IntN(len(pieces))])
	}
	return b.String()
}

func (m maker) json(depth int) any {
	switch n := m.IntN(8); {
	case n == 0:
		return nil
	case n == 1:
		return m.IntN(2) == 0
	case n == 2:
		return json.Number([]string{"0", "-1", "1.0", "1e5", "123456789012345678901234567890", "-0.0", "1E+2", "9007199254740993"}[m.IntN(8)])
	case n < 5 || depth == 0:
		return m.text()
	case n == 5:
		list := []any{}
		for range m.IntN(4) {
			list = append(list, m.json(depth-1))
		}
		return list
	}
	object := map[string]any{}
	for range m.IntN(5) {
		object[m.text()] = m.json(depth - 1)
	}
	return object
}

func (m maker) maybe(value any) any {
	if m.IntN(2) == 0 {
		return nil
	}
	return value
}

func (m maker) texts() []any {
	list := []any{}
	for range m.IntN(3) {
		list = append(list, m.text())
	}
	return list
}

func (m maker) function(name string) Members {
	f := Members{
		"name": name, "kind": "function", "code": m.text() + "\n" + m.text(), "description": m.maybe(m.text()), "tags": m.texts(), "requirements": m.texts(),
		"timeout_seconds": m.maybe(json.Number("2.5")), "max_concurrency": m.maybe(json.Number("3")), "is_active": m.IntN(3) > 0,
		"retry": m.maybe(map[string]any{"max_attempts": json.Number("3"), "on": m.texts(), "backoff_seconds": json.Number("0.25")}),
	}
	if m.IntN(2) == 0 {
		f["input_schema"] = m.json(3)
	}
	if m.IntN(2) == 0 {
		f["output_schema"] = m.json(1)
	}
	return f
}

func (m maker) items(n int) Items {
	items := Items{}
	for i := range n {
		name := fmt.Sprintf("f%d", i)
		if m.IntN(9) > 0 {
			items[Key{Function, name}] = m.function(name)
		}
		for j := range m.IntN(3) {
			w := Members{
				"path": fmt.Sprintf("p%d/{x}/%d", i, j), "http_method": []string{"GET", "POST", "ANY"}[m.IntN(3)], "function_name": name, "description": m.maybe(m.text()),
				"default_values": m.maybe(map[string]any{m.text(): m.json(2)}), "requires_auth": m.IntN(2) == 0, "input_mode": "auto", "response_mode": []string{"envelope", "raw"}[m.IntN(2)],
				"signature": m.maybe(map[string]any{"scheme": "github", "secret_name": m.text()}), "is_active": m.IntN(2) == 0,
			}
			items[KeyOf(Webhook, w)] = w
			s := Members{
				"name": fmt.Sprintf("s%d%d%s", i, j, m.text()), "function_name": name, "cron_expression": "0 3 * * *", "timezone": "UTC", "input_data": m.json(3), "description": m.maybe(m.text()),
				"is_active": m.IntN(2) == 0, "retry": m.maybe(map[string]any{"max_attempts": json.Number("3")}), "overlap": "skip", "catch_up": "none", "max_instances": json.Number("3"),
			}
			items[KeyOf(Schedule, s)] = s
		}
	}
	return items
}

// The files that are written for any answer of a server come to the same.
func TestFilesOfRandomFunctions(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		items := maker{rand.New(rand.NewPCG(seed, 1))}.items(4)
		dir := t.TempDir()
		names := []string{"f0", "f1", "f2", "f3"}
		_, err := Write(dir, names, items)
		require.NoError(t, err)
		f, err := Read(dir)
		require.NoError(t, err)
		require.Empty(t, f.Faults, "seed %d", seed)
		require.Len(t, f.Items, len(items), "seed %d", seed)
		for key, m := range items {
			require.Equal(t, whole(key.Kind, m), whole(key.Kind, f.Items[key]), "seed %d, %s", seed, key)
		}
		changed, err := Write(dir, names, f.Items)
		require.NoError(t, err)
		require.Empty(t, changed, "seed %d", seed)

		state, err := LoadState(dir, "http://server:1", "acme")
		require.NoError(t, err)
		require.True(t, state.Empty())
		for key, m := range items {
			state.Note(key, "d", m, f.Items[key])
		}
		require.NoError(t, state.Save())
		state, err = LoadState(dir, "http://server:1", "acme")
		require.NoError(t, err)
		for key, m := range items {
			require.Equal(t, m, state.Base(key).Remote, "seed %d, %s", seed, key)
		}
	}
}
