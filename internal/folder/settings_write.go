package folder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// render writes the text of a NAME.toml; members that have their default are
// left out, except those named in also.
func render(s *settings, also ...string) string {
	var b strings.Builder
	renderMembers(&b, Function, s.function, also)
	for _, m := range s.webhooks {
		section(&b, "webhooks")
		renderMembers(&b, Webhook, m, nil)
	}
	for _, m := range s.jobs {
		section(&b, "schedules")
		renderMembers(&b, Schedule, m, nil)
	}
	return b.String()
}

func section(b *strings.Builder, name string) {
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "[[%s]]\n", name)
}

func renderMembers(b *strings.Builder, kind Kind, m Members, also []string) {
	for _, field := range tables[kind] {
		value, there := m[field.name]
		standard := !field.derived && !field.always && reflect.DeepEqual(value, field.standard)
		if !there || standard && !slices.Contains(also, field.name) || field.always && value == nil {
			continue
		}
		fmt.Fprintf(b, "%s = %s\n", field.name, field.render(value))
	}
}

func (f *member) render(value any) string {
	if f.form != text {
		if written, ok := tomlOf(value); ok {
			return written
		}
	}
	return jsonText(value)
}

// tomlOf writes a value as TOML; ok is false for one that TOML has not.
func tomlOf(value any) (written string, ok bool) {
	switch value := value.(type) {
	case bool:
		return fmt.Sprint(value), true
	case string:
		return quoted(value), true
	case json.Number:
		if _, err := value.Int64(); err == nil {
			return string(value), true
		}
		f, err := value.Float64()
		written, _ := json.Marshal(f)
		return string(value), err == nil && strings.ContainsAny(string(value), ".eE") && string(written) == string(value)
	case []any:
		parts := make([]string, len(value))
		for i, item := range value {
			if parts[i], ok = tomlOf(item); !ok {
				return "", false
			}
		}
		return "[" + strings.Join(parts, ", ") + "]", true
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			part, ok := tomlOf(value[name])
			if !ok {
				return "", false
			}
			parts = append(parts, quotedKey(name)+" = "+part)
		}
		return "{ " + strings.Join(parts, ", ") + " }", true
	}
	return "", false // null
}

func quotedKey(name string) string {
	bare := name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if bare {
		return name
	}
	return quotedLine(name)
}

// quoted writes a text as a basic string, of several lines when it has them.
func quoted(value string) string {
	if !strings.Contains(value, "\n") {
		return quotedLine(value)
	}
	return `"""` + "\n" + escaped(value, true) + `"""`
}

func quotedLine(value string) string { return `"` + escaped(value, false) + `"` }

func escaped(value string, lines bool) string {
	var b strings.Builder
	for _, r := range value {
		switch {
		case r == '\n' && lines:
			b.WriteRune(r)
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// jsonText writes a value as JSON in a literal string, which escapes nothing.
func jsonText(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return `""`
	}
	compact := strings.TrimSuffix(b.String(), "\n")
	// Both may stand within the texts of JSON only.
	compact = strings.NewReplacer("'", `\u0027`, "\x7f", `\u007f`).Replace(compact)
	if len(compact) <= 80 {
		return "'" + compact + "'"
	}
	var indented bytes.Buffer
	if json.Indent(&indented, []byte(compact), "", "  ") != nil {
		return "'" + compact + "'"
	}
	return "'''\n" + indented.String() + "\n'''"
}
