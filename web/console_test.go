package web

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxFirstPageBytes bounds what a browser loads before it shows the first page, compressed.
const maxFirstPageBytes = 300_000

var (
	staticImport  = regexp.MustCompile(`(?:from|import)\s*"\./([\w.-]+\.js)"`)
	dynamicImport = regexp.MustCompile("import\\([`\"']\\./([\\w.-]+\\.js)[`\"']\\)")
	hashed        = regexp.MustCompile(`^[\w.]+-[\w-]{8}\.(js|css)$`)
)

func TestConsolePage(t *testing.T) {
	t.Parallel()
	page := string(ConsolePage("abc123"))
	require.NotContains(t, page, nonceMark)
	require.Contains(t, page, `nonce="abc123"`)
	require.NotRegexp(t, network, page, "nothing from another server")
	require.NotRegexp(t, regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>\s*[^<\s]|\son[a-z]+\s*=|javascript:|<style|\sstyle=`), page, "nothing inline")
	scripts := 0
	for _, match := range reference.FindAllStringSubmatch(page, -1) {
		if match[1] == "data:," || match[1] == "../docs" || strings.HasPrefix(match[1], "#") { // views, in the template of the first frame
			continue
		}
		name, ours := strings.CutPrefix(match[1], "./")
		require.True(t, ours, match[1])
		_, found := ConsoleAsset(name)
		require.True(t, found, name)
		scripts++
	}
	require.GreaterOrEqual(t, scripts, 2, "a script and a style sheet")
}

func TestConsoleAssets(t *testing.T) {
	t.Parallel()
	entries, err := fs.ReadDir(console, consoleDist)
	require.NoError(t, err)
	pages := 0
	for _, entry := range entries {
		require.False(t, entry.IsDir(), "%s: all files lie in one folder", entry.Name())
		switch {
		case entry.Name() == consolePage, entry.Name() == "licenses.md":
			_, found := ConsoleAsset(entry.Name())
			require.False(t, found, entry.Name())
		default:
			require.Regexp(t, hashed, entry.Name(), "a name without a hash would be kept too long")
			file, found := ConsoleAsset(entry.Name())
			require.True(t, found, entry.Name())
			require.Less(t, len(file.Body), maxFileBytes, entry.Name())
			require.NotContains(t, string(file.Body), "sourceMappingURL", entry.Name())
			if path.Ext(entry.Name()) == ".css" {
				require.NotRegexp(t, `(?i)@import|url\(\s*['"]?(?:https?:)?//`, string(file.Body), entry.Name())
			}
			pages++
		}
	}
	require.Greater(t, pages, 10, "each page is a chunk")
	for _, name := range []string{"", "index.html", "licenses.md", "../embed.go", ".", "missing.js"} {
		_, found := ConsoleAsset(name)
		require.False(t, found, name)
	}
}

// The first page: the page itself, its script and style sheet, what those import, and the
// largest chunk that a page can be.
func TestConsoleFirstPageSize(t *testing.T) {
	t.Parallel()
	total := len(ConsolePage("abc123"))
	seen := map[string]bool{}
	var lazy []string
	var load func(name string) int
	load = func(name string) int {
		if seen[name] {
			return 0
		}
		seen[name] = true
		file, found := ConsoleAsset(name)
		require.True(t, found, name)
		size := len(file.Gzip)
		for _, match := range staticImport.FindAllStringSubmatch(string(file.Body), -1) {
			size += load(match[1])
		}
		for _, match := range dynamicImport.FindAllStringSubmatch(string(file.Body), -1) {
			lazy = append(lazy, match[1])
		}
		return size
	}
	for _, match := range reference.FindAllStringSubmatch(string(ConsolePage("abc123")), -1) {
		if name, ours := strings.CutPrefix(match[1], "./"); ours {
			total += load(name)
		}
	}
	require.NotEmpty(t, lazy, "the pages are chunks of their own")
	overview := 0
	for _, name := range lazy {
		if strings.HasPrefix(name, "OverviewPage") {
			overview = load(name)
		}
	}
	require.Positive(t, overview)
	require.Less(t, total+overview, maxFirstPageBytes)
}

func TestConsolePolicy(t *testing.T) {
	t.Parallel()
	policy := ConsolePolicy("abc123")
	require.NotContains(t, policy, "unsafe")
	require.Contains(t, policy, "'nonce-abc123'")
	require.Contains(t, policy, "default-src 'none'; script-src 'self'; ")
	require.NotRegexp(t, network, policy)
}

var (
	rawMarkup   = regexp.MustCompile(`\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(|srcdoc`)
	styleInline = regexp.MustCompile(`\sstyle(?:=|:)`)
)

// Text from outside is shown as text: the sources have no way to make markup of it.
func TestConsoleSourcesMakeNoMarkupOfText(t *testing.T) {
	t.Parallel()
	files := 0
	for _, name := range consoleSources(t) {
		text := readSource(t, name)
		require.NotRegexp(t, rawMarkup, text, name)
		if path.Ext(name) == ".svelte" {
			markup := regexp.MustCompile(`(?s)<script.*?</script>|<style>.*?</style>`).ReplaceAllString(text, "")
			require.NotRegexp(t, styleInline, markup, "%s: the Content-Security-Policy allows no style attribute; use element.style.setProperty", name)
		}
		files++
	}
	require.Greater(t, files, 30)
}

// The sources of a page import those of ui, api and app, and no other page's.
func TestConsolePagesAreIndependent(t *testing.T) {
	t.Parallel()
	imported := regexp.MustCompile(`from "\.\./([\w-]+)/|import\("\.\./([\w-]+)/`)
	for _, name := range consoleSources(t) {
		folder := strings.Split(strings.TrimPrefix(name, consoleSource+"/"), "/")[0]
		for _, match := range imported.FindAllStringSubmatch(readSource(t, name), -1) {
			target := match[1] + match[2]
			if strings.HasSuffix(name, "app/pages.ts") || target == folder {
				continue
			}
			switch folder {
			case "api":
				t.Errorf("%s imports %s: api knows none of the others", name, target)
			case "ui":
				require.Contains(t, []string{"api", "app"}, target, name)
			default:
				require.Contains(t, []string{"api", "app", "ui"}, target, name)
			}
		}
	}
}
