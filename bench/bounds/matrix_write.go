package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// writeMatrix puts the rows between the marks of a lane in a document.
func writeMatrix(document, lane string, rows []row) error {
	begins, ends := "<!-- bounds of the "+lane+" lane begin -->", "<!-- bounds of the "+lane+" lane end -->"
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	head, rest, found := strings.Cut(string(text), begins)
	_, tail, closed := strings.Cut(rest, ends)
	if !found || !closed {
		return fmt.Errorf("%s has no lines %q and %q", document, begins, ends)
	}
	return os.WriteFile(document, []byte(head+begins+"\n"+matrix(rows)+ends+tail), 0o644)
}

func matrix(rows []row) string {
	var table strings.Builder
	bounded := 0
	for _, r := range rows {
		if len(r.faults) == 0 {
			bounded++
		}
	}
	fmt.Fprintf(&table, "\n%d of %d programs are bounded. Made on %s.\n\n", bounded, len(rows), time.Now().UTC().Format(time.DateOnly))
	table.WriteString("| program | purpose | what stopped it | in | the caller saw | the record says | neighbour before, p50/p99 | during | CPU after | MB before, after | bounded |\n")
	table.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rows {
		verdict := "yes"
		if len(r.faults) > 0 {
			verdict = "no: " + strings.Join(r.faults, "; ")
		}
		cells := []string{
			"`" + r.name + "`", r.purpose, r.stopped(), short(r.took), r.answers, r.records,
			short(r.before.p50) + " / " + short(r.before.p99), during(r), fmt.Sprintf("%.0f %%", r.load*100),
			fmt.Sprintf("%d, %d", r.held[0]>>20, r.held[1]>>20), verdict,
		}
		for _, cell := range cells {
			table.WriteString("| " + strings.NewReplacer("|", "\\|", "\n", " ").Replace(cell) + " ")
		}
		table.WriteString("|\n")
	}
	table.WriteString("\n")
	return table.String()
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
