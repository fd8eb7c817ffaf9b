package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/snippet"
	"maestro/internal/testkit"
	"maestro/internal/testkit/index"
)

// reasonsNotToRun is how many blocks of the documents say that they are not run. A new one
// counts here, so that it is a decision.
const reasonsNotToRun = 3

// TestDocumentsAsTheyAreRead runs the blocks of README.md and of each page of the guide in
// their order, as a reader would: in an empty folder, with a server of their own. Each prints
// what the page shows; with -update the page shows what each prints. The functions of a page
// must have run in the end.
func TestDocumentsAsTheyAreRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../docs/guide/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	reasons := 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		page, err := snippet.Parse(string(text))
		require.NoError(t, err, file)
		for _, b := range page.Blocks {
			if b.Reason != "" {
				reasons++
			}
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			t.Parallel()
			r := newReader(t)
			for _, b := range page.Blocks {
				r.read(page, b)
			}
			r.endBackground(page)
			r.wantAllRun()
			r.wantNoExampleChanged()
			if *update && page.String() != string(text) {
				require.NoError(t, os.WriteFile(file, []byte(page.String()), 0o644))
			}
		})
	}
	require.Equal(t, reasonsNotToRun, reasons, "blocks that are not run, in all documents")
}

// readerAddress is the address of the server in the documents.
const readerAddress = "http://localhost:8000"

// reader does what a page says.
type reader struct {
	t         *testing.T
	server    *program
	folder    string
	env       []string
	functions []string
	execution string // the id that was printed last
	follows   []*following
}

// following is a block that is run while the rest of the page is.
type following struct {
	block *snippet.Block
	shell *shell
}

func newReader(t *testing.T) *reader {
	t.Helper()
	data, folder := testkit.DataDir(t), t.TempDir()
	ix := index.New(t, index.Wheel{Name: "text-unidecode", Version: "1.3"}, index.Wheel{Name: "httpx", Version: "0.28.1"}, index.Wheel{
		Name: "python-slugify", Version: "8.0.4", Requires: []string{"text-unidecode"}, Files: map[string]string{
			"slugify/__init__.py": "import re\ndef slugify(text):\n    return '-'.join(re.findall('[a-z0-9]+', text.lower()))\n",
		},
	})
	settings := []string{"DATABASE_URL=" + testkit.DatabaseURL(t), "SECRET_KEY=" + strings.Repeat("k", 40), "LOG_LEVEL=warn"}
	r := &reader{t: t, folder: folder, server: start(t, data, append(settings, "PIP_INDEX_URL="+ix.URL())...)}
	program, err := os.Executable()
	require.NoError(t, err)
	bin := filepath.Join(folder, "bin")
	require.NoError(t, os.Mkdir(bin, 0o755))
	require.NoError(t, os.Symlink(program, filepath.Join(bin, "maestro")))
	r.env = append(append(cleanEnv(), fromPyPI()[1:]...), settings...) // pytest comes from a real index
	r.env = append(r.env, "HOME="+t.TempDir(), "PATH="+bin+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "XDG_CACHE_HOME="+testkit.CacheDir(t, "cache"),
		beMaestro+"=1", "DATA_DIR="+data, "MAESTRO_PYTHON_HOME="+testkit.KitHome(t))
	return r
}

// read does one block.
func (r *reader) read(page *snippet.Page, b *snippet.Block) {
	switch {
	case b.Reason != "":
	case b.File != "":
		path := filepath.Join(r.folder, b.File)
		require.NoError(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(r.t, os.WriteFile(path, []byte(b.Text), 0o644))
		if name, found := strings.CutSuffix(filepath.Base(b.File), ".py"); found && b.Language == "python" && !isTestFile(name) {
			r.functions = append(r.functions, name)
		}
	case b.Background:
		s := r.background(b.Text)
		s.begun(r.t)
		r.follows = append(r.follows, &following{b, s})
	case b.Runs():
		r.run(page, b)
	}
}

func isTestFile(name string) bool {
	return strings.HasPrefix(name, "test_") || strings.HasSuffix(name, "_test") || name == "conftest"
}

// run runs a block. EXECUTION_ID in it stands for the id that was printed last: a line that
// has it is run after the lines before it.
func (r *reader) run(page *snippet.Page, b *snippet.Block) {
	var out strings.Builder
	var part []string
	flush := func() {
		if len(part) == 0 {
			return
		}
		lines := strings.ReplaceAll(strings.Join(part, "\n"), executionMark, r.execution)
		if b.Expected == "" { // what the page shows may be a failure
			lines = "set -e\n" + lines
		}
		s := r.shell(lines)
		status := s.wait(r.t)
		got := r.asShown(s.text())
		out.WriteString(got)
		if b.Expected == "" {
			require.Equal(r.t, 0, status, "line %d: %s\n%s\n%s", b.Line, strings.Join(part, "\n"), got, r.server.said())
		}
		if ids := anyID.FindAllString(got, -1); ids != nil {
			r.execution = ids[len(ids)-1]
		}
		part = nil
	}
	for line := range strings.Lines(b.Text) {
		if strings.Contains(line, executionMark) {
			flush()
		}
		part = append(part, strings.TrimSuffix(line, "\n"))
	}
	flush()
	if strings.Contains(b.Text, "maestro functions test") {
		if strings.Contains(out.String(), "can't be installed") {
			r.t.Skipf("the package index can't be reached from here: %s", out.String())
		}
		r.functions = nil // pytest has run them, of which the server knows nothing
	}
	r.compare(page, b, out.String())
}

func (r *reader) compare(page *snippet.Page, b *snippet.Block, got string) {
	if b.Expected == "" {
		return
	}
	err := snippet.Compare(b.Expected, got)
	if err != nil && *update && page.Show(b, pretty(got)) {
		return
	}
	require.NoError(r.t, err, "line %d: %s", b.Line, b.Text)
}

// asShown is an output with the address that the documents name.
func (r *reader) asShown(text string) string {
	host := func(address string) string { return strings.TrimPrefix(address, "http://") }
	return strings.NewReplacer(host(r.server.url), host(readerAddress), r.folder+"/", "").Replace(text)
}

// pretty writes long JSON in lines.
func pretty(text string) string {
	var value json.RawMessage
	if len(text) < 120 || json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	indented, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return text
	}
	return string(indented)
}

func (r *reader) endBackground(page *snippet.Page) {
	for _, f := range r.follows {
		f.shell.until(func(text string) bool {
			return f.block.Expected == "" || snippet.Compare(f.block.Expected, r.asShown(text)) == nil
		})
		f.shell.interrupt(r.t)
		r.compare(page, f.block, r.asShown(f.shell.text()))
	}
}

// wantAllRun demands that each function of the page has run, by itself or as a step.
func (r *reader) wantAllRun() {
	if len(r.functions) == 0 {
		return
	}
	s := r.shell("unset MAESTRO_URL MAESTRO_TOKEN; maestro token")
	require.Equal(r.t, 0, s.wait(r.t), s.text())
	c := &client{t: r.t, url: r.server.url, token: strings.TrimSpace(s.text())}
	var executions []struct {
		ID       string
		Function string `json:"function_name"`
	}
	require.NoError(r.t, c.send("GET", "/api/v1/executions?limit=1000", nil).into(&executions))
	ran := map[string]bool{}
	for _, e := range executions {
		ran[e.Function] = true
		var steps []struct {
			Function string `json:"function_name"`
		}
		require.NoError(r.t, c.send("GET", "/api/v1/executions/"+e.ID+"/steps?limit=1000", nil).into(&steps))
		for _, step := range steps {
			ran[step.Function] = true
		}
	}
	slices.Sort(r.functions)
	for _, name := range slices.Compact(r.functions) {
		require.True(r.t, ran[name] || slices.Contains(neverRun, name), "the page has %s and does not run it", name)
	}
}

// wantNoExampleChanged: a reader may have the examples on the same server, so a page takes
// none of their names and addresses.
func (r *reader) wantNoExampleChanged() {
	s := r.shell("unset MAESTRO_URL MAESTRO_TOKEN; maestro examples load")
	require.Equal(r.t, 0, s.wait(r.t), s.text())
	require.Contains(r.t, s.text(), " 0 changed")
}

// neverRun are functions that are there to be refused.
var neverRun = []string{"broken"}
