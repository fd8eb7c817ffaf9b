package house

import (
	"fmt"
	"go/scanner"
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// textPatterns find the comments and strings of a language; strings come
// into it so that a comment's mark within a string is not taken for a comment.
var textPatterns = map[string]*regexp.Regexp{
	".c":   regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'`),
	".py":  regexp.MustCompile(`(?s)#[^\n]*|""".*?"""|'''.*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`),
	".sql": regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|'[^']*'`),
	".sh":  regexp.MustCompile(`(?s)(?:^|\s)#[^\n]*|"(?:\\.|[^"\\])*"|'[^']*'`),
}

// commentMarks open a comment; a string counts as text when words are in it.
var commentMarks = []string{"//", "/*", "#", "--"}

// textOf blanks a file's code, and leaves its comments and texts in their
// lines. Markdown is text throughout.
func textOf(name, content string) string {
	kind := path.Ext(name)
	switch kind {
	case ".md":
		return content
	case ".go":
		return keep(content, goTexts(content))
	case ".h", ".mjs", ".svelte", ".ts":
		kind = ".c"
	case ".c", ".py", ".sql":
	default:
		kind = ".sh"
	}
	return keep(content, textPatterns[kind].FindAllStringIndex(content, -1))
}

// goTexts asks Go's own scanner: a quote within a rune or a raw string is
// beyond a regular expression.
func goTexts(content string) [][]int {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(content))
	s.Init(file, []byte(content), nil, scanner.ScanComments)
	var spans [][]int
	for {
		position, kind, literal := s.Scan()
		if kind == token.EOF {
			return spans
		}
		if kind == token.COMMENT || kind == token.STRING {
			from := file.Offset(position)
			spans = append(spans, []int{from, from + len(literal)})
		}
	}
}

func keep(content string, spans [][]int) string {
	var out strings.Builder
	at := 0
	for _, span := range spans {
		text := content[span[0]:span[1]]
		if !isText(text) {
			continue
		}
		out.WriteString(blank(content[at:span[0]]))
		out.WriteString(text)
		at = span[1]
	}
	out.WriteString(blank(content[at:]))
	return out.String()
}

func isText(s string) bool {
	s = strings.TrimSpace(s)
	for _, mark := range commentMarks {
		if strings.HasPrefix(s, mark) {
			return true
		}
	}
	return len(strings.Fields(s)) > 1
}

func blank(code string) string {
	return strings.Repeat("\n", strings.Count(code, "\n"))
}

// textLines counts the lines that hold a word.
func textLines(text string) int {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		if strings.ContainsFunc(line, func(r rune) bool { return r >= 'A' && r <= 'z' }) {
			n++
		}
	}
	return n
}

// place is the file, the line and the text of an offset.
func place(name, text string, offset int) string {
	number := 1 + strings.Count(text[:offset], "\n")
	line, _, _ := strings.Cut(text[strings.LastIndex(text[:offset], "\n")+1:], "\n")
	return fmt.Sprintf("%s:%d: %s", name, number, strings.TrimSpace(line))
}

func TestTextOfAFileIsItsCommentsAndStrings(t *testing.T) {
	t.Parallel()
	for name, example := range map[string]struct{ content, text string }{
		"a.go":  {"x := 1 // why\ny := `two\nlines` + \"one\" + \"two words\"\n", "// why\n`two\nlines`\"two words\"\n"},
		"a.c":   {"int x; /* why\n it is */ puts(\"two words // here\");\n", "/* why\n it is */\"two words // here\"\n"},
		"a.py":  {"x = '#' # why\nraise Fault('two words')\n", "# why\n'two words'\n"},
		"a.sql": {"SELECT 1; -- why\n", "-- why\n"},
		"run":   {"# why\necho \"two words\" $#\n", "# why\n\"two words\"\n"},
		"a.md":  {"All of it.\n", "All of it.\n"},
	} {
		require.Equal(t, example.text, textOf(name, example.content), name)
	}
}
