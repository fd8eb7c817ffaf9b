package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// helpWidth is the width of a terminal unless its user has changed it.
const helpWidth = 80

// writeHelp writes the long text of cmd and how it is used.
func writeHelp(cmd *cobra.Command, _ []string) {
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	out := cmd.OutOrStdout()
	_, _ = fmt.Fprintf(out, "%s\n\n", wrapped(strings.TrimSpace(text)))
	cmd.SetOut(out)
	_ = cmd.Usage()
}

// wrapped breaks the paragraphs of a text anew; lines that begin with a space
// stay as they are.
func wrapped(text string) string {
	var lines, words []string
	flush := func() {
		if len(words) > 0 {
			lines = append(lines, broken(words, "", ""))
			words = nil
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == ' ' {
			flush()
			lines = append(lines, line)
			continue
		}
		words = append(words, strings.Fields(line)...)
	}
	flush()
	return strings.Join(lines, "\n")
}

// broken puts words into lines that fit; the first begins with first, the others
// with next.
func broken(words []string, first, next string) string {
	var b strings.Builder
	b.WriteString(first)
	used, fresh := utf8.RuneCountInString(first), true
	for _, word := range words {
		length := utf8.RuneCountInString(word)
		switch {
		case fresh:
		case used+1+length > helpWidth:
			b.WriteString("\n" + next)
			used = utf8.RuneCountInString(next)
		default:
			b.WriteString(" ")
			used++
		}
		b.WriteString(word)
		used, fresh = used+length, false
	}
	return b.String()
}

// optionsOf are the words of a usage line; an option stays with its value.
func optionsOf(line string) (words []string) {
	depth := 0
	for word := range strings.FieldsSeq(line) {
		if depth > 0 {
			words[len(words)-1] += " " + word
		} else {
			words = append(words, word)
		}
		depth += strings.Count(word, "[") - strings.Count(word, "]")
	}
	return words
}
