package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// writeMatrix puts the rows between the marks of a lane in a document. Of the programs
// named that were not run now, the rows stay as they stand there.
func writeMatrix(document, lane string, names []string, rows []row) error {
	begins, ends := "<!-- bounds of the "+lane+" lane begin -->", "<!-- bounds of the "+lane+" lane end -->"
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	head, rest, found := strings.Cut(string(text), begins)
	before, tail, closed := strings.Cut(rest, ends)
	if !found || !closed {
		return fmt.Errorf("%s has no lines %q and %q", document, begins, ends)
	}
	return os.WriteFile(document, []byte(head+begins+"\n"+matrix(names, linesOf(before), rows)+ends+tail), 0o644)
}

// linesOf are the rows of a table by their programs.
func linesOf(table string) map[string]string {
	lines := map[string]string{}
	for line := range strings.Lines(table) {
		if rest, found := strings.CutPrefix(line, "| `"); found {
			name, _, _ := strings.Cut(rest, "`")
			lines[name] = line
		}
	}
	return lines
}

func matrix(names []string, lines map[string]string, rows []row) string {
	for _, r := range rows {
		lines[r.name] = lineOf(r)
	}
	var body strings.Builder
	count, bounded := 0, 0
	for _, name := range names {
		line, known := lines[name]
		if !known {
			continue
		}
		body.WriteString(line)
		count++
		if strings.HasSuffix(line, "| yes |\n") {
			bounded++
		}
	}
	when := "Made on " + time.Now().UTC().Format(time.DateOnly)
	if len(rows) < count {
		when = fmt.Sprintf("%d of the rows were made on %s, the others before", len(rows), time.Now().UTC().Format(time.DateOnly))
	}
	return fmt.Sprintf("\n%d of %d programs are bounded. %s.\n\n", bounded, count, when) +
		"| program | purpose | what stopped it | in | the caller saw | the record says | neighbour before, p50/p99 | during | CPU after | MB before, after | bounded |\n" +
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n" + body.String() + "\n"
}

func lineOf(r row) string {
	verdict := "yes"
	if len(r.faults) > 0 {
		verdict = "no: " + strings.Join(r.faults, "; ")
	}
	cells := []string{
		"`" + r.name + "`", r.purpose, r.stopped(), short(r.took), r.answers, r.records,
		short(r.before.p50) + " / " + short(r.before.p99), during(r), fmt.Sprintf("%.0f %%", r.load*100),
		fmt.Sprintf("%d, %d", r.held[0]>>20, r.held[1]>>20), verdict,
	}
	var line strings.Builder
	for _, cell := range cells {
		line.WriteString("| " + strings.NewReplacer("|", "\\|", "\n", " ").Replace(cell) + " ")
	}
	return line.String() + "|\n"
}

func during(r row) string {
	text := short(r.during.p50) + " / " + short(r.during.p99)
	if r.during.lost > 0 {
		text += fmt.Sprintf(", %d lost", r.during.lost)
	}
	if r.restarts != "" {
		text += ", no answer for " + short(r.during.gap)
	}
	return text
}
