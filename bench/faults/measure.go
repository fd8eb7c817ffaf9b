package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// row is what came of one fault.
type row struct {
	name                      string
	orders, answered, spooled int
	refused                   int
	others                    string
	twice, unpaid             int // orders charged twice; answered and not charged
	recorded, rows            int // answered orders that are recorded as completed; rows of the function meanwhile
	charged                   int
	slowest, slowLook         time.Duration
	refusedAfter, recovered   time.Duration
	probes                    string
}

// measure compares the responses to clients with the effects and the records.
func (s *stage) measure(ctx context.Context, f fault, v *seen, names []string, began, ended time.Time) (row, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := row{
		name: f.name, orders: len(names), answered: v.answered, spooled: v.spooled, refused: v.refused,
		slowest: v.slowest, slowLook: v.slowLook, others: counts(v.others), probes: probes(v),
	}
	if !v.firstNo.IsZero() {
		r.refusedAfter = v.firstNo.Sub(began)
	}
	r.recovered = max(0, v.lastBad.Sub(ended))
	ids := make([]string, 0, len(v.orders))
	for _, name := range names {
		charges := s.shop.charged(name)
		r.charged += charges
		if charges > 1 {
			r.twice++
		}
		if id, answered := v.orders[name]; answered {
			ids = append(ids, id)
			if charges == 0 {
				r.unpaid++
			}
		}
	}
	err := s.db.Pool().QueryRow(ctx, `SELECT count(*) FILTER (WHERE id = ANY ($1::text[]::uuid[]) AND status = 'completed'), count(*)
		FROM executions WHERE function_name = 'order' AND created_at >= $2`, ids, began.Add(-before-time.Second)).Scan(&r.recorded, &r.rows)
	return r, err
}

func counts(of map[string]int) string {
	var parts []string
	for what, n := range of {
		parts = append(parts, fmt.Sprintf("%d %s", n, what))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func probes(v *seen) string {
	var parts []string
	for _, path := range probePaths {
		parts = append(parts, path+" "+strings.Join(slices.Sorted(maps.Keys(v.probes[path])), "/"))
	}
	return strings.Join(parts, ", ")
}

// fault is the fault of a row; "" when there is none.
func (r row) fault() string {
	switch {
	case r.twice > 0:
		return fmt.Sprintf("%d orders were charged twice", r.twice)
	case r.unpaid > 0:
		return fmt.Sprintf("%d orders were answered and not charged", r.unpaid)
	case r.recorded != r.answered:
		return fmt.Sprintf("of %d answered orders %d are recorded", r.answered, r.recorded)
	case r.others != "":
		return "clients saw " + r.others
	case !strings.HasPrefix(r.probes, "/livez alive,"):
		return "a probe failed: " + r.probes
	default:
		return ""
	}
}

func (r row) String() string {
	return fmt.Sprintf("  %d orders: %d answered (%d from the spool), %d refusals %s\n  charged %d, twice %d; recorded %d of %d answered\n"+
		"  refused after %s, recovered after %s, slowest answer %s, slowest probe %s; %s",
		r.orders, r.answered, r.spooled, r.refused, r.others, r.charged, r.twice, r.recorded, r.answered,
		short(r.refusedAfter), short(r.recovered), short(r.slowest), short(r.slowLook), r.probes)
}

func short(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

const (
	begins = "<!-- faults begin -->"
	ends   = "<!-- faults end -->"
)

// writeTable puts the rows between the marks of a document.
func writeTable(document string, rate int, rows []row) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	head, rest, found := strings.Cut(string(text), begins)
	_, tail, closed := strings.Cut(rest, ends)
	if !found || !closed {
		return fmt.Errorf("%s has no lines %q and %q", document, begins, ends)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "\nAt %d orders a second.\n\n", rate)
	table.WriteString("| fault | responses | records | refused after | recovered after | slowest answer | probes |\n")
	table.WriteString("| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rows {
		fmt.Fprintf(&table, "| %s | %d orders, all answered 200 (%d from the spool); %d times 503 before anything ran | %d of %d, each charged once | %s | %s | %s | %s |\n",
			r.name, r.orders, r.spooled, r.refused, r.recorded, r.answered, short(r.refusedAfter), short(r.recovered), short(r.slowest), r.probes)
	}
	return os.WriteFile(document, []byte(head+begins+table.String()+"\n"+ends+tail), 0o644)
}
