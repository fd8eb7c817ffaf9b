// Package terminal writes for people: tables, colours and durations, in colour
// on a terminal and plain elsewhere.
//
// It must not know what it shows.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Out is where a command writes.
type Out struct {
	io.Writer
	Colour bool
	Width  int // of a line in columns; 0: no terminal
}

// For finds out whether w is a terminal. NO_COLOR takes the colours away.
func For(w io.Writer) *Out {
	o := &Out{Writer: w}
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return o
	}
	o.Width = 80
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		o.Width = width
	}
	o.Colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return o
}

// Printf writes a formatted text.
func (o *Out) Printf(format string, args ...any) { _, _ = fmt.Fprintf(o, format, args...) }

// Style is how a text looks, an SGR parameter of ECMA-48.
type Style string

// The styles.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Dim    Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
	Cyan   Style = "36"
)

// In is a text in a style, unless there are no colours.
func (o *Out) In(style Style, text string) string {
	if !o.Colour || style == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}

// Cell is a text of a table.
type Cell struct {
	Text  string
	Style Style
}

// Table writes rows in columns under a header; the last column is cut at the
// edge of a terminal. Without rows it writes none instead.
func (o *Out) Table(header []string, rows [][]Cell, none string) {
	if len(rows) == 0 {
		o.Printf("%s\n", none)
		return
	}
	first := make([]Cell, len(header))
	for i, name := range header {
		first[i] = Cell{name, Bold}
	}
	rows = append([][]Cell{first}, rows...)
	widths := make([]int, len(header))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(OneLine(cell.Text)))
		}
	}
	for _, row := range rows {
		used := 0
		for i, cell := range row {
			text := OneLine(cell.Text)
			if i == len(row)-1 {
				o.Printf("%s\n", o.In(cell.Style, o.cut(text, used)))
				continue
			}
			o.Printf("%s%s  ", o.In(cell.Style, text), strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)))
			used += widths[i] + 2
		}
	}
}

func (o *Out) cut(text string, used int) string {
	room := o.Width - used
	if o.Width == 0 || room < 10 || utf8.RuneCountInString(text) <= room {
		return text
	}
	return string([]rune(text)[:room-1]) + "…"
}

// Cut is text, cut to a length in characters.
func Cut(text string, length int) string {
	if utf8.RuneCountInString(text) <= length {
		return text
	}
	return string([]rune(text)[:length-1]) + "…"
}

// OneLine is a text without line ends and other characters that would move the
// cursor.
func OneLine(text string) string { return clean(strings.Join(strings.Fields(text), " ")) }

// Lines is a text of a function or of a sender without the characters that control a
// terminal, line ends and tabs aside.
func Lines(text string) string {
	parts := strings.Split(text, "\n")
	for i := range parts {
		parts[i] = clean(parts[i])
	}
	return strings.Join(parts, "\n")
}

func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return utf8.RuneError
		}
		return r
	}, text)
}

// Milliseconds is a duration for people.
func Milliseconds(ms float64) string {
	switch {
	case ms < 1:
		return fmt.Sprintf("%.0f µs", ms*1000)
	case ms < 100:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	case ms < 60_000:
		return fmt.Sprintf("%.1f s", ms/1000)
	}
	return fmt.Sprintf("%.0f min %.0f s", float64(int(ms/60_000)), float64(int(ms/1000)%60))
}
