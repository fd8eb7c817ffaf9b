// Package docs embeds the documents, which the server shows at /guide.
//
// It must not render or serve them.
package docs

import "embed"

// Files are the pages, in Markdown, and the drawings in them.
//
//go:embed *.md guide/*.md guide/*.svg
var Files embed.FS
