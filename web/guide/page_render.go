package guide

import (
	"bytes"
	"fmt"
	"html"
	"net/url"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// document is a page before it has its frame.
type document struct {
	Title    string
	Lead     string // the text of its first paragraph
	HTML     string
	Headings []heading
	sections []*section
}

// heading is one of the second or third level.
type heading struct {
	ID, Text string
	Level    int
}

// section is the text between two headings, for the search.
type section struct {
	heading, id string
	text        strings.Builder
}

// site knows the other documents.
type site interface {
	address(file string) string // seen from a page; "" for a file that is not served
	title(file string) string
}

// render makes the document of a file in docs.
func render(name string, source []byte, site site) (*document, error) {
	markdown := goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(blocks{}, 100))),
	)
	ids := parser.WithContext(parser.NewContext(parser.WithIDs(&headingIDs{used: map[string]int{}})))
	root := markdown.Parser().Parse(text.NewReader(source), ids)
	d := &document{}
	d.read(root, source)
	relink(root, source, path.Dir(name), site)
	var out bytes.Buffer
	if err := markdown.Renderer().Render(&out, source, root); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	// A wide table scrolls by itself, not with the page.
	d.HTML = strings.NewReplacer("<table>", `<div class="table" tabindex="0"><table>`, "</table>", "</table></div>").Replace(out.String())
	return d, nil
}

// read collects the headings and the texts of the sections.
func (d *document) read(root ast.Node, source []byte) {
	current := &section{}
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			title := plainText(n, source)
			id, _ := n.AttributeString("id")
			idText, _ := id.([]byte)
			if n.Level == 1 && d.Title == "" {
				d.Title = title
			} else if n.Level == 2 || n.Level == 3 {
				d.Headings = append(d.Headings, heading{string(idText), title, n.Level})
			}
			d.keep(current)
			current = &section{heading: title, id: string(idText)}
			return ast.WalkSkipChildren, nil
		case *ast.Paragraph:
			if d.Lead == "" {
				d.Lead = plainText(n, source)
			}
		case *ast.Text:
			current.text.Write(n.Segment.Value(source))
			current.text.WriteByte(' ')
		case *ast.FencedCodeBlock:
			current.text.Write(n.Lines().Value(source))
		}
		return ast.WalkContinue, nil
	})
	d.keep(current)
}

func (d *document) keep(s *section) {
	if s.heading != "" || s.text.Len() > 0 {
		d.sections = append(d.sections, s)
	}
}

func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(child ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := child.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// relink points the links to other documents at their pages, and shows their titles where
// the source names files. A link to a file that is not served becomes its text: it is for
// readers of the source.
func relink(root ast.Node, source []byte, folder string, site site) {
	var gone []*ast.Link
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			n.Destination = []byte(site.address(path.Join(folder, string(n.Destination))))
		case *ast.Link:
			to, err := url.Parse(string(n.Destination))
			if err != nil || to.IsAbs() || to.Path == "" {
				return ast.WalkContinue, nil
			}
			file := path.Join(folder, to.Path)
			target := site.address(file)
			if target == "" {
				gone = append(gone, n)
				return ast.WalkContinue, nil
			}
			if to.Fragment != "" {
				target += "#" + to.Fragment
			}
			n.Destination = []byte(target)
			if child := n.FirstChild(); strings.HasSuffix(plainText(n, source), ".md") && child == n.LastChild() {
				n.ReplaceChild(n, child, ast.NewString([]byte(html.EscapeString(site.title(file)))))
			}
		}
		return ast.WalkContinue, nil
	})
	for _, link := range gone {
		parent := link.Parent()
		for child := link.FirstChild(); child != nil; {
			next := child.NextSibling()
			parent.InsertBefore(parent, link, child)
			child = next
		}
		parent.RemoveChild(parent, link)
	}
}

// blocks renders headings, code and HTML in the source in its own way.
type blocks struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (blocks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHeading, renderHeading)
	r.Register(ast.KindFencedCodeBlock, renderCode)
	nothing := func(util.BufWriter, []byte, ast.Node, bool) (ast.WalkStatus, error) { return ast.WalkSkipChildren, nil }
	r.Register(ast.KindHTMLBlock, nothing) // marks for the tests
	r.Register(ast.KindRawHTML, nothing)
}

// renderHeading makes a heading the link to itself.
func renderHeading(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*ast.Heading)
	id, _ := n.AttributeString("id")
	idText, _ := id.([]byte)
	switch {
	case n.Level == 1 && entering:
		_, _ = w.WriteString("<h1>")
	case n.Level == 1:
		_, _ = w.WriteString("</h1>\n")
	case entering:
		_, _ = fmt.Fprintf(w, `<h%d id="%s"><a href="#%s">`, n.Level, html.EscapeString(string(idText)), html.EscapeString(string(idText)))
	default:
		_, _ = fmt.Fprintf(w, "</a></h%d>\n", n.Level)
	}
	return ast.WalkContinue, nil
}

// renderCode highlights a block of code. The word after its language is the file that it is
// the content of, or says that it is an output.
func renderCode(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	n := node.(*ast.FencedCodeBlock)
	language, word := "", ""
	if n.Info != nil {
		language, word, _ = strings.Cut(string(n.Info.Segment.Value(source)), " ")
	}
	class := "code"
	switch word {
	case "output":
		class, word = "code output", ""
	case "background":
		word = "in another terminal"
	}
	_, _ = w.WriteString(`<figure class="` + class + `">`)
	if word != "" {
		_, _ = w.WriteString("<figcaption>" + html.EscapeString(word) + "</figcaption>")
	}
	_, _ = w.WriteString(`<pre tabindex="0"><code>` + highlight(language, string(n.Lines().Value(source))) + "</code></pre></figure>\n")
	return ast.WalkSkipChildren, nil
}
