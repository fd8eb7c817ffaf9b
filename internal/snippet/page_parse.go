package snippet

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Page is a document with its blocks of code.
type Page struct {
	Blocks []*Block
	lines  []string
}

// Block is a block of code.
type Block struct {
	Line       int // of its fence, from 1
	Language   string
	Text       string
	File       string // whose content it is; "": it is none
	Background bool   // it is run while the rest of the page is
	Expected   string // what it prints, as the page shows it; "": nothing is shown
	Reason     string // why it is not run

	output *Block // the block that shows what it prints
}

// run are the languages whose blocks are run, stored in a file, or have a reason not to
// be. Blocks of other languages (text, an address, the form of a command) are not code.
var run = []string{"sh", "python", "json", "toml"}

const (
	fence       = "```"
	notRun      = "<!-- not run:"
	outputMark  = "# → "
	outputWord  = "output"
	outputOfNow = "…" // any text: it differs each time
)

// Parse reads the blocks of a page.
func Parse(text string) (*Page, error) {
	p := &Page{lines: strings.Split(text, "\n")}
	var before *Block // the last block that prints
	for n := 0; n < len(p.lines); n++ {
		info, opens := strings.CutPrefix(p.lines[n], fence)
		if !opens {
			continue
		}
		length := slices.Index(p.lines[n+1:], fence)
		if length < 0 {
			return nil, fmt.Errorf("line %d: the block has no end", n+1)
		}
		b := &Block{Line: n + 1, Text: strings.Join(p.lines[n+1:n+1+length], "\n") + "\n"}
		isOutput, err := b.readInfo(info)
		if reason, found := strings.CutPrefix(p.lines[max(n-1, 0)], notRun); found && n > 0 {
			b.Reason = strings.TrimSpace(strings.TrimSuffix(reason, "-->"))
			if b.Reason == "" {
				return nil, fmt.Errorf("line %d: the block is not run for no reason", n+1)
			}
			err = nil
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		case isOutput && before == nil:
			return nil, fmt.Errorf("line %d: the output belongs to no block of sh", n+1)
		case isOutput:
			before.output, before.Expected = b, b.Text
			before = nil
		default:
			p.Blocks = append(p.Blocks, b)
			before = nil
			if b.Language == "sh" && b.File == "" && b.Reason == "" {
				before = b
			}
		}
		n += length + 1
	}
	return p, nil
}

var trailing = regexp.MustCompile(`[ \t]+\n`)

var fileName = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)

// readInfo reads the words behind the fence.
func (b *Block) readInfo(info string) (isOutput bool, err error) {
	words := strings.Fields(info)
	if len(words) == 0 {
		return false, errors.New("the block names no language")
	}
	b.Language = words[0]
	var word string
	switch {
	case len(words) > 2:
		return false, fmt.Errorf("%q has more than two words", info)
	case len(words) == 2:
		word = words[1]
	}
	switch {
	case word == outputWord:
		return true, nil
	case word == "background" && b.Language == "sh":
		b.Background = true
	case word != "" && (!fileName.MatchString(word) || strings.Contains(word, "..") || path.Ext(word) == ""):
		return false, fmt.Errorf("%q is not the name of a file in the folder of the page", word)
	case word != "":
		b.File = word
	case b.Language == "sh":
		b.Expected = printed(b.Text)
	case slices.Contains(run, b.Language):
		return false, fmt.Errorf("the block of %s is not run: name its file, mark it as an output, or give a reason", b.Language)
	}
	return false, nil
}

// printed are the lines of output within a block.
func printed(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if rest, found := strings.CutPrefix(line, outputMark); found {
			b.WriteString(rest)
		}
	}
	return b.String()
}

// Runs reports whether the block is run.
func (b *Block) Runs() bool { return b.Language == "sh" && b.File == "" && b.Reason == "" }

// IsCode reports whether the block is of a language whose blocks are run or give a reason.
func (b *Block) IsCode() bool { return slices.Contains(run, b.Language) }

// Show makes the page show what a block has printed, if it has a block for its output, and
// reports whether it has.
func (p *Page) Show(b *Block, got string) bool {
	if b.output == nil {
		return false
	}
	b.output.Text = trailing.ReplaceAllString(strings.TrimRight(got, "\n")+"\n", "\n")
	return true
}

// String is the page with the outputs of Show.
func (p *Page) String() string {
	shown := map[int]*Block{}
	for _, b := range p.Blocks {
		if b.output != nil {
			shown[b.output.Line] = b.output
		}
	}
	var out []string
	for n := 0; n < len(p.lines); n++ {
		out = append(out, p.lines[n])
		b := shown[n+1]
		if b == nil {
			continue
		}
		out = append(out, strings.TrimSuffix(b.Text, "\n"))
		n += slices.Index(p.lines[n+1:], fence)
	}
	return strings.Join(out, "\n")
}
