package web

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxFileBytes keeps the repository's files at a size that every tool shows.
const maxFileBytes = 2_000_000

var (
	reference = regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	inline    = regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>\s*[^<\s]|\son[a-z]+\s*=|javascript:|<style|\sstyle=`)
	network   = regexp.MustCompile(`(?i)(?:https?:)?//[a-z0-9]`)
)

func TestPages(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]File{"docs.html": Docs(), "redoc.html": Redoc()} {
		text := string(page.Body)
		require.Equal(t, "text/html; charset=utf-8", page.ContentType)
		require.NotRegexp(t, inline, text, "%s: nothing inline", name)
		require.NotRegexp(t, network, text, "%s: nothing from another server", name)
		scripts := 0
		for _, match := range reference.FindAllStringSubmatch(text, -1) {
			asset, ours := strings.CutPrefix(match[1], AssetsPath+"/")
			if !ours {
				require.Contains(t, []string{"data:,", "openapi.json"}, match[1])
				continue
			}
			file, found := Asset(asset)
			require.True(t, found, "%s: %s", name, asset)
			require.NotEmpty(t, file.Body)
			if path.Ext(asset) == ".js" {
				scripts++
			}
		}
		require.Equal(t, 2, scripts, name)
	}
	home := string(Home().Body)
	require.NotRegexp(t, inline, home)
	require.NotContains(t, home, "<script")
	require.NotRegexp(t, network, home)
	require.Contains(t, home, `href="docs/home.css"`)
	own, found := Asset("docs.js")
	require.True(t, found)
	require.NotRegexp(t, network, regexp.MustCompile(`(?m)//\s.*$`).ReplaceAllString(string(own.Body), ""))
}

func TestAssets(t *testing.T) {
	t.Parallel()
	css, found := Asset("swagger-ui.css")
	require.True(t, found)
	require.Equal(t, "text/css; charset=utf-8", css.ContentType)
	require.Regexp(t, `^"[0-9a-f]{24}"$`, css.ETag)
	require.NotRegexp(t, `(?i)@import|url\(\s*['"]?(?:https?:)?//`, string(css.Body))
	js, found := Asset("redoc.standalone.js")
	require.True(t, found)
	require.Equal(t, "text/javascript; charset=utf-8", js.ContentType)
	require.NotContains(t, string(js.Body), "cdn.redoc.ly", "the update script takes it out")
	require.NotEqual(t, css.ETag, js.ETag)
	for _, name := range []string{"", "docs.html", "redoc.html", "LICENSE", "swagger-ui", "redoc/redoc.standalone.js", "../embed.go"} {
		_, found := Asset(name)
		require.False(t, found, name)
	}
}

func TestFilesAreSmallAndLicensed(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	require.NoError(t, fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		if entry.IsDir() {
			return nil
		}
		info, err := entry.Info()
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(maxFileBytes), name)
		if _, served := contentTypes[path.Ext(name)]; served {
			require.False(t, names[path.Base(name)], "%s: two files with one name", name)
			names[path.Base(name)] = true
		}
		return nil
	}))
	for _, folder := range []string{"swagger-ui", "redoc"} {
		_, err := files.Open(folder + "/LICENSE")
		require.NoError(t, err, folder)
	}
}

func TestContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	// Where each word may stand; nothing else may stand anywhere.
	places := map[string]string{"'unsafe-inline'": "style-src", "data:": "img-src", "blob:": "worker-src"}
	for directive := range strings.SplitSeq(ContentSecurityPolicy, ";") {
		words := strings.Fields(directive)
		require.GreaterOrEqual(t, len(words), 2, directive)
		for _, word := range words[1:] {
			if word != "'self'" && word != "'none'" {
				require.Equal(t, places[word], words[0], directive)
			}
		}
	}
}
