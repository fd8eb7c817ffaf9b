package guide

import (
	"fmt"
	"html"
	"strings"

	"maestro/web"
)

// The frame is written by hand: with html/template the linker would keep every method of the
// program, a fifth of its size.

const typeHTML = "text/html; charset=utf-8"

// view is the content of the frame. root and here are the addresses of the server's root and
// of the pages, seen from this one, so that they work behind a prefix too.
type view struct {
	root, here     string
	title, name    string // name is "" for the table of contents
	body           string // HTML
	headings       []heading
	previous, next *page
	guide          *guide
}

// framed is a page as it is served.
func (g *guide) framed(p *page) web.File {
	d := p.document()
	v := view{root: "../", title: d.Title, name: p.name, body: d.HTML, headings: d.Headings, guide: g}
	if p.at > 0 {
		v.previous = g.pages[nameOf(g.files[p.at-1])]
	}
	if p.at+1 < len(g.files) {
		v.next = g.pages[nameOf(g.files[p.at+1])]
	}
	return v.file()
}

// contents is the page with the table of contents.
func (g *guide) contents() web.File {
	v := view{root: "./", here: "guide/", title: "Guide", guide: g}
	var b strings.Builder
	b.WriteString("<h1>Guide</h1>\n")
	for _, c := range contents {
		fmt.Fprintf(&b, "<h2>%s</h2>\n<ul class=\"cards\">\n", html.EscapeString(c.Title))
		for _, file := range c.pages {
			d := g.pages[nameOf(file)].document()
			lead, _, _ := strings.Cut(d.Lead, ". ")
			fmt.Fprintf(&b, "<li><a href=\"%s\"><strong>%s</strong><span>%s.</span></a></li>\n",
				v.here+nameOf(file), html.EscapeString(d.Title), html.EscapeString(strings.TrimRight(lead, ".:")))
		}
		b.WriteString("</ul>\n")
	}
	v.body = b.String()
	return v.file()
}

func (v *view) file() web.File {
	title := "Maestro guide"
	if v.name != "" {
		title = v.title + " · " + title
	}
	guideAt := "guide"
	if v.name != "" {
		guideAt = "../guide"
	}
	nav := v.contentsList()
	text := strings.NewReplacer(
		"{title}", html.EscapeString(title), "{root}", v.root, "{here}", v.here, "{guide}", guideAt,
		"{contents}", nav, "{body}", v.body, "{turn}", v.turn(), "{sections}", v.sections(),
	).Replace(frame)
	return web.NewFile([]byte(text), typeHTML)
}

const frame = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}docs/guide.css">
<script src="{root}docs/guide.js" defer></script>
</head>
<body data-pages="{here}">
<a class="skip" href="#content">Skip to the text</a>
<header>
<a class="brand" href="{root}">Maestro</a>
<a href="{guide}">Guide</a>
<a href="{root}docs">Try the API</a>
<search hidden>
<input type="search" id="search" placeholder="Search ( / )" aria-label="Search the guide" aria-controls="found" autocomplete="off" spellcheck="false">
<ol id="found" hidden></ol>
</search>
</header>
<details class="menu">
<summary>Contents</summary>
<nav aria-label="Contents">{contents}</nav>
</details>
<div class="columns">
<nav class="contents" aria-label="Contents">{contents}</nav>
<main id="content">
{body}{turn}</main>
{sections}</div>
</body>
</html>
`

// contentsList is the table of contents beside a page.
func (v *view) contentsList() string {
	var b strings.Builder
	for _, c := range contents {
		fmt.Fprintf(&b, "<h2>%s</h2>\n<ul>\n", html.EscapeString(c.Title))
		for _, file := range c.pages {
			p := v.guide.pages[nameOf(file)]
			current := ""
			if p.name == v.name {
				current = ` aria-current="page"`
			}
			fmt.Fprintf(&b, "<li><a href=\"%s\"%s>%s</a></li>\n", v.here+p.name, current, html.EscapeString(p.document().Title))
		}
		b.WriteString("</ul>\n")
	}
	return b.String()
}

// turn leads to the pages before and after this one.
func (v *view) turn() string {
	if v.name == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("<nav class=\"turn\" aria-label=\"Previous and next page\">\n")
	for _, to := range []struct {
		rel, word string
		page      *page
	}{{"prev", "Previous", v.previous}, {"next", "Next", v.next}} {
		if to.page != nil {
			fmt.Fprintf(&b, "<a rel=\"%s\" href=\"%s\"><span>%s</span>%s</a>\n", to.rel, to.page.name, to.word, html.EscapeString(to.page.document().Title))
		}
	}
	b.WriteString("</nav>\n")
	return b.String()
}

// sections is the table of contents of the page itself.
func (v *view) sections() string {
	if len(v.headings) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("<nav class=\"sections\" aria-label=\"On this page\">\n<h2>On this page</h2>\n<ul>\n")
	for _, h := range v.headings {
		fmt.Fprintf(&b, "<li class=\"level%d\"><a href=\"#%s\">%s</a></li>\n", h.Level, html.EscapeString(h.ID), html.EscapeString(h.Text))
	}
	b.WriteString("</ul>\n</nav>\n")
	return b.String()
}
