// Package guide makes the documents to pages for browsers, at /guide: with a table of
// contents, links between the pages, highlighted code and a search that needs no network.
// A page is rendered at its first request.
//
// It must not serve the pages, and no page may refer to another server for what it loads. It
// does without chroma's lexers, which would be decoded at the start of every process.
package guide
