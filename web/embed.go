// Package web contains the pages and assets for browsers: the page at the root of
// the server, the console, the assets of the guide, and /docs (Swagger UI) and /redoc (ReDoc) with all their
// assets, so that they work without a network. scripts/update-web-assets fetches the
// last two from their npm packages; the console is built from the sources in its folder.
//
// It must not serve the files, and no file may refer to another server.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"sync"
)

// ContentSecurityPolicy is sent with every page. Beyond the server itself it
// allows only inline styles, data images, and the worker that ReDoc creates for
// its search.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src blob:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// AssetsPath is the path of the assets, relative to the folder of the pages.
const AssetsPath = "docs"

//go:embed home.html docs.html redoc.html home.css docs.css docs.js guide.css guide.js swagger-ui redoc
var files embed.FS

// File is a page or an asset.
type File struct {
	Body        []byte // shared: read only
	Gzip        []byte // the same compressed; shared
	ContentType string
	ETag        string // strong, with its quotes
}

// NewFile makes a File of a body, which must not be modified afterwards.
func NewFile(body []byte, contentType string) File {
	sum := sha256.Sum256(body)
	return File{Body: body, Gzip: compressed(body), ContentType: contentType, ETag: `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// Home returns the page at the server's root.
func Home() File { return load()["home.html"] }

// Docs returns the page with Swagger UI.
func Docs() File { return load()["docs.html"] }

// Redoc returns the page with ReDoc.
func Redoc() File { return load()["redoc.html"] }

// Asset returns one of the files that the pages load, by its bare name.
func Asset(name string) (File, bool) {
	file, found := load()[name]
	return file, found && path.Ext(name) != ".html"
}

// The types of the served files. The licences beside them are for readers of the
// source and have no type here.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
}

// load reads the files once, at the first request, because an ETag is a hash over
// megabytes.
var load = sync.OnceValue(func() map[string]File {
	loaded := map[string]File{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		contentType, served := contentTypes[path.Ext(name)]
		if err != nil || entry.IsDir() || !served {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		loaded[path.Base(name)] = NewFile(body, contentType)
		return nil
	})
	if err != nil { // they are part of the program
		panic(fmt.Errorf("read the embedded files: %w", err))
	}
	return loaded
})

// compressed does not fail: it writes to memory.
func compressed(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}
