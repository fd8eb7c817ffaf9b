package reference

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// typeOf is the type of a value, in a few words.
func typeOf(s *schema) string {
	if s == nil {
		return ""
	}
	if s.Ref != "" {
		name := last(s.Ref)
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	}
	for _, several := range [][]*schema{s.OneOf, s.AnyOf} {
		var words []string
		for _, one := range several {
			if word := typeOf(one); word != "" && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
		if words != nil {
			return strings.Join(words, " or ")
		}
	}
	var words []string
	switch t := s.Type.(type) {
	case string:
		words = []string{t}
	case []any:
		for _, word := range t {
			words = append(words, fmt.Sprint(word))
		}
	}
	for i, word := range words {
		if word == "array" && s.Items != nil {
			if items := typeOf(s.Items); items != "" {
				words[i] = "array of " + items
			}
		}
	}
	if len(words) == 0 {
		return "any"
	}
	return strings.Join(words, " or ")
}

// cell is the description of a value, with its permitted values, default and bounds.
func cell(description string, s *schema) string {
	text := oneLine(description)
	var more []string
	if s != nil {
		if len(s.Enum) > 0 {
			more = append(more, "one of "+values(s.Enum))
		}
		if s.Format != "" && s.Format != "int64" && s.Format != "int32" && s.Format != "double" {
			more = append(more, "format `"+s.Format+"`")
		}
		if len(s.Default) > 0 && string(s.Default) != "null" {
			more = append(more, "default `"+string(s.Default)+"`")
		}
		if s.Minimum != nil {
			more = append(more, fmt.Sprintf("at least %v", *s.Minimum))
		}
		if s.Maximum != nil {
			more = append(more, fmt.Sprintf("at most %v", *s.Maximum))
		}
		if s.MaxLength != nil {
			more = append(more, fmt.Sprintf("at most %d characters", *s.MaxLength))
		}
		if s.ReadOnly {
			more = append(more, "set by the server")
		}
	}
	switch {
	case len(more) == 0:
		return text
	case text == "":
		return strings.Join(more, "; ")
	}
	return text + " (" + strings.Join(more, "; ") + ")"
}

func values(all []any) string {
	var words []string
	for _, value := range all {
		text, err := json.Marshal(value)
		if err == nil && string(text) != "null" {
			words = append(words, "`"+strings.Trim(string(text), `"`)+"`")
		}
	}
	return strings.Join(words, ", ")
}

// oneLine fits a text into a cell of a table.
func oneLine(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func mark(required bool) string {
	if required {
		return " (required)"
	}
	return ""
}

func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }
