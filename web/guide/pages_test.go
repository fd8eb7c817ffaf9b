package guide

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/docs"
	"maestro/web"
)

var (
	reference = regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	element   = regexp.MustCompile(` id="([^"]*)"`)
	inline    = regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>\s*[^<\s]|\son[a-z]+\s*=\s*"|javascript:|<style|\sstyle="`)
	tag       = regexp.MustCompile(`<[^>]*>`)
)

// notServed are documents that are read in the source.
var notServed = []string{}

func TestContentsHaveEveryDocument(t *testing.T) {
	t.Parallel()
	var there []string
	require.NoError(t, fs.WalkDir(docs.Files, ".", func(name string, _ fs.DirEntry, err error) error {
		if path.Ext(name) == ".md" && !slices.Contains(notServed, name) {
			there = append(there, name)
		}
		return err
	}))
	listed := slices.Clone(theGuide().files)
	slices.Sort(listed)
	require.Equal(t, there, listed)
	names := map[string]bool{}
	for _, file := range listed {
		require.False(t, names[nameOf(file)], "%s: two pages have its name", file)
		names[nameOf(file)] = true
	}
}

// served is a page as it is served.
func served(t *testing.T, name string) string {
	t.Helper()
	file, found := Page(name)
	require.True(t, found, name)
	return string(file.Body)
}

// Each link of each page leads to a page that there is, and to an element on it.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, file := range theGuide().files {
		name := nameOf(file)
		body := served(t, name)
		for _, match := range reference.FindAllStringSubmatch(body, -1) {
			target, fragment, _ := strings.Cut(match[1], "#")
			switch {
			case strings.Contains(target, "://") || target == "data:,":
				continue
			case strings.HasPrefix(target, "../"+web.AssetsPath+"/"):
				_, found := web.Asset(path.Base(target))
				require.True(t, found, "%s loads %s", name, target)
				continue
			case slices.Contains([]string{"../", "../guide", "../docs"}, target):
				continue
			case target == "":
				target = name
			}
			links++
			page, found := Page(target)
			require.True(t, found, "%s leads to %s", name, match[1])
			if fragment == "" {
				continue
			}
			ids := element.FindAllStringSubmatch(string(page.Body), -1)
			require.True(t, slices.ContainsFunc(ids, func(id []string) bool { return id[1] == fragment }), "%s leads to %s", name, match[1])
		}
	}
	require.Greater(t, links, 500, "the pattern finds the links")
}

func TestPagesObeyTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	for _, file := range theGuide().files {
		body := served(t, nameOf(file))
		require.NotRegexp(t, inline, body, file)
		for _, match := range regexp.MustCompile(`(?:src|<link[^>]*href)="([^"]*)"`).FindAllStringSubmatch(body, -1) {
			require.NotContains(t, match[1], "//", "%s loads it from another server", file)
		}
		ids := map[string]bool{}
		for _, match := range element.FindAllStringSubmatch(body, -1) {
			require.False(t, ids[match[1]], "%s has two elements %s", file, match[1])
			ids[match[1]] = true
		}
	}
	require.NotRegexp(t, inline, string(Home().Body))
}

func TestFrameOfAPage(t *testing.T) {
	t.Parallel()
	body := served(t, "schedules")
	for _, want := range []string{
		"<title>Schedules · Maestro guide</title>", `<a href="schedules" aria-current="page">Schedules</a>`,
		`<a rel="prev" href="first-function">`, `<a rel="next" href="errors-and-retries">`, `<li class="level2"><a href="#times">Times</a></li>`,
		`<h2 id="times"><a href="#times">Times</a></h2>`, `<figcaption>functions/report.toml</figcaption>`, `<figure class="code output">`,
		`<span class="k">[[schedules]]</span>`, `<span class="k">def</span> <span class="f">report</span>`,
	} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, served(t, "first-function"), `rel="prev"`)
	require.NotContains(t, served(t, "internals"), `rel="next"`)
	require.Contains(t, string(Home().Body), `<a href="guide/schedules"><strong>Schedules</strong>`)
}

func TestOtherFilesOfTheGuide(t *testing.T) {
	t.Parallel()
	drawing, found := Page("call-path.svg")
	require.True(t, found)
	require.Equal(t, "image/svg+xml", drawing.ContentType)
	for _, name := range []string{"", "nothing", "embed.go", "../embed.go", "nothing.svg", "guide", "first-function.md"} {
		_, found := Page(name)
		require.False(t, found, name)
	}
}

func TestSearchIndexHasTheSections(t *testing.T) {
	t.Parallel()
	file, found := Page(searchIndex)
	require.True(t, found)
	var all []struct{ Page, Title, Heading, ID, Text string }
	require.NoError(t, json.Unmarshal(file.Body, &all))
	for _, entry := range all {
		require.NotEmpty(t, entry.Title)
		if entry.Page == "schedules" && entry.Heading == "Times" {
			require.Equal(t, "times", entry.ID)
			require.Contains(t, entry.Text, "every quarter of an hour")
		}
	}
	require.Less(t, len(file.Gzip), 400_000, "it is read as a whole")
}

// What a reader copies is the code as it is in the document.
func TestHighlightingKeepsTheText(t *testing.T) {
	t.Parallel()
	for language, code := range map[string]string{
		"python": "@f\nasync def a(b=\"x\\\"<&\"):  # c'\n    '''d\n'''\n    return None, 1_000, 2.5\n",
		"sh":     "curl -s \"$URL\" # a 'comment\nfor x in 1 2; do echo '#'; done\n",
		"json":   "{\"a\": [1, -2.5e3, true, null, \"b\\\"\"]}\n",
		"toml":   "[[webhooks]]\npath = \"a/{b}\" # c\nx = '''\n{}\n'''\n",
		"yaml":   "- run: maestro # c\n  env: {A: \"b\"}\n",
		"text":   "<b>&\n",
	} {
		shown := highlight(language, code)
		plain := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&#34;", `"`, "&#39;", "'").Replace(tag.ReplaceAllString(shown, ""))
		require.Equal(t, code, plain, language)
		if language != "text" {
			require.Contains(t, shown, `<span class="`, language)
		}
	}
}
