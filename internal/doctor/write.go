package doctor

import (
	"fmt"
	"io"
	"strings"
)

// width is that of the column of states.
const width = len("warning ")

// Write writes findings as lines for people: the state, the check, the text, and the
// advice on a line of its own.
func Write(w io.Writer, findings []Finding) error {
	var text strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&text, "%-*s%s: %s\n", width, f.State, f.Check, oneLine(f.Text))
		if f.Advice != "" {
			fmt.Fprintf(&text, "%-*s→ %s\n", width, "", oneLine(f.Advice))
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// oneLine is text without line ends, such as errors of libraries have.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
