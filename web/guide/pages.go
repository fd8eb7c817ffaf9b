package guide

import (
	"fmt"
	"path"
	"strings"
	"sync"

	"maestro/docs"
	"maestro/web"
)

// Home returns the page with the table of contents.
func Home() web.File { return theGuide().home() }

// Page returns a page, a drawing or the index of the search, by its name in the address.
func Page(name string) (web.File, bool) {
	if name == searchIndex {
		return theGuide().index(), true
	}
	if drawing, found := strings.CutSuffix(name, ".svg"); found {
		body, err := docs.Files.ReadFile("guide/" + path.Base(drawing) + ".svg")
		return web.NewFile(body, "image/svg+xml"), err == nil
	}
	page, found := theGuide().pages[name]
	if !found {
		return web.File{}, false
	}
	return page.file(), true
}

// guide are all pages; each part is made when it is first asked for.
type guide struct {
	files []string         // in docs, in the order of the table of contents
	pages map[string]*page // by their names in the address

	home, index func() web.File
}

type page struct {
	name     string
	at       int // its place in the table of contents
	document func() *document
	file     func() web.File
}

var theGuide = sync.OnceValue(func() *guide {
	g := &guide{pages: map[string]*page{}}
	for _, c := range contents {
		g.files = append(g.files, c.pages...)
	}
	for at, file := range g.files {
		p := &page{name: nameOf(file), at: at}
		p.document = sync.OnceValue(func() *document { return g.read(file) })
		p.file = sync.OnceValue(func() web.File { return g.framed(p) })
		g.pages[p.name] = p
	}
	g.home = sync.OnceValue(g.contents)
	g.index = sync.OnceValue(g.makeIndex)
	return g
})

// nameOf is the name of a file of docs in the address.
func nameOf(file string) string { return strings.TrimSuffix(path.Base(file), ".md") }

func (g *guide) read(file string) *document {
	source, err := docs.Files.ReadFile(file)
	if err == nil {
		var d *document
		if d, err = render(file, source, g); err == nil {
			return d
		}
	}
	panic(fmt.Errorf("make the page %s: %w", file, err)) // the documents are part of the program
}

// title is the heading of a file of docs.
func (g *guide) title(file string) string {
	source, _ := docs.Files.ReadFile(file) // it is served, so it is there
	line, _, _ := strings.Cut(string(source), "\n")
	return strings.ReplaceAll(strings.TrimPrefix(line, "# "), "`", "")
}

// address is where a file of docs is to be found, seen from a page; "": nowhere.
func (g *guide) address(file string) string {
	if path.Ext(file) == ".svg" {
		return path.Base(file)
	}
	name := nameOf(file)
	if p := g.pages[name]; p == nil || g.files[p.at] != file {
		return ""
	}
	return name
}
