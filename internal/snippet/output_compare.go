package snippet

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// varying are the parts of an output that differ from run to run, and their stand-ins.
var varying = []struct {
	pattern *regexp.Regexp
	stand   string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( UTC|Z)?`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d`), "DATE"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d(\.\d+)?`), "TIME"},
	{regexp.MustCompile(`\b\d+(\.\d+)? (µs|ms|s)\b|\b\d+\.\d+s\b`), "TOOK"},
	{regexp.MustCompile(`×\d+\.\d+`), "TIMES"},
	{regexp.MustCompile(`\b\d+%`), "PART"},
	{regexp.MustCompile(`"duration_ms": ?[0-9.]+`), `"duration_ms":TOOK`},
	{regexp.MustCompile(`[─=_-]{2,}`), "--"},
	{regexp.MustCompile(`[ \t]+`), " "},
}

// plain is an output without what differs from run to run: ids, times, durations, and the
// width of columns, which depends on them.
func plain(text string) string {
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.stand)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.Join(lines, "\n")
}

// Compare returns an error if a page does not show what was printed. An ellipsis in the page
// stands for any text within a line, a line of it alone for any lines, or none; in JSON the text "…" stands for
// any value, and a member of that name for any further members.
func Compare(shown, got string) error {
	var want, have any
	if json.Unmarshal([]byte(shown), &want) == nil && json.Unmarshal([]byte(got), &have) == nil {
		if sameJSON(want, have) {
			return nil
		}
		return fmt.Errorf("the page shows\n%s\nand the output is\n%s", shown, got)
	}
	if matches(plain(shown), plain(got)) {
		return nil
	}
	return fmt.Errorf("the page shows\n%s\nand the output is\n%s", shown, got)
}

// matches compares line by line, so that an ellipsis stays within its own.
func matches(want, got string) bool {
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	for line := range strings.SplitSeq(want, "\n") {
		if strings.TrimSpace(line) == outputOfNow {
			pattern.WriteString(`(?:[^\n]*\n)*`)
			continue
		}
		for i, part := range strings.Split(line, outputOfNow) {
			if i > 0 {
				pattern.WriteString(`.*`)
			}
			pattern.WriteString(regexp.QuoteMeta(part))
		}
		pattern.WriteString(`\n`)
	}
	pattern.WriteString(`\z`)
	return regexp.MustCompile(pattern.String()).MatchString(got + "\n")
}

func sameJSON(want, got any) bool {
	switch w := want.(type) {
	case string:
		g, ok := got.(string)
		return w == outputOfNow || ok && matches(plain(w), plain(g))
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			return false
		}
		for i := range w {
			if !sameJSON(w[i], g[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return false
		}
		_, more := w[outputOfNow]
		for name := range g {
			if _, there := w[name]; !there && !more {
				return false
			}
		}
		for name, value := range w {
			there, found := g[name]
			if name == outputOfNow {
				continue
			}
			if !found || name != "duration_ms" && !sameJSON(value, there) {
				return false
			}
		}
		return true
	}
	return want == got
}
