package web

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// ConsolePath is the path of the console.
const ConsolePath = "console"

// console holds the built files of web/console, all in one folder. `make console`
// builds them anew.
//
//go:embed console/dist
var console embed.FS

const (
	consoleDist = "console/dist"
	consolePage = "index.html"
	// nonceMark stands in the page where the nonce of a response goes (vite.config.ts).
	nonceMark = "NONCE-OF-THE-RESPONSE"
)

// ConsolePolicy is the Content-Security-Policy of the console's page. Only style elements
// with the nonce count: the editor makes some.
func ConsolePolicy(nonce string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + nonce + "'; " +
		"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// ConsolePage returns the page of the console with the nonce of a response.
func ConsolePage(nonce string) []byte {
	return bytes.ReplaceAll(loadConsole()[consolePage]().Body, []byte(nonceMark), []byte(nonce))
}

// ConsoleAsset returns a file that the page loads. Its name contains a hash of its
// content, so that a browser may keep it forever.
func ConsoleAsset(name string) (File, bool) {
	file, found := loadConsole()[name]
	if !found || name == consolePage {
		return File{}, false
	}
	return file(), true
}

// loadConsole lists the files; each is read and compressed when it is first asked for.
var loadConsole = sync.OnceValue(func() map[string]func() File {
	entries, err := fs.ReadDir(console, consoleDist)
	if err != nil { // they are part of the program
		panic(fmt.Errorf("read the embedded console: %w", err))
	}
	files := map[string]func() File{}
	for _, entry := range entries {
		contentType, served := contentTypes[path.Ext(entry.Name())]
		if !served || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		files[entry.Name()] = sync.OnceValue(func() File {
			body, err := console.ReadFile(path.Join(consoleDist, entry.Name()))
			if err != nil {
				panic(fmt.Errorf("read the embedded console: %w", err))
			}
			return NewFile(body, contentType)
		})
	}
	return files
})
