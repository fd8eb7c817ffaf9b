// Command history measures the lists of executions over a long history: each
// filter against the first page, over 2 million executions of 30 days, and the
// first page again with partitions of 400 days.
//
// Usage: history [-rows 2000000]. It brings its own PostgreSQL, on a folder that
// it deletes at its end, and needs 2 GB there.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"maestro/internal/model"
	"maestro/internal/scratch"
	"maestro/repo"
)

const (
	tenant   = "acme"
	days     = 30
	longDays = 400
	rounds   = 15
	most     = 10.0 // times the first page
)

func main() {
	rows := flag.Int("rows", 2_000_000, "executions")
	flag.Parse()
	if err := run(context.Background(), *rows, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "history:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rows int, out io.Writer) error {
	database, err := scratch.Start(ctx, "history")
	if err != nil {
		return err
	}
	defer database.End()
	db, err := database.Open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := fill(ctx, db, rows); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d executions over %d days; first pages of 100, the best of %d\n\n", rows, days, rounds)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer func() { _ = table.Flush() }()
	first, err := pages(ctx, db, table)
	if err != nil {
		return err
	}
	if err := makeDays(ctx, db, longDays); err != nil {
		return err
	}
	long, err := measure(ctx, db, repo.ExecutionFilter{})
	if err != nil {
		return err
	}
	fmt.Fprintf(table, "the first page, %d days of partitions\t%.2f ms\t%.1f\t%d\n", longDays, ms(long.took), ratio(long, first), long.found)
	none, err := measure(ctx, db, repo.ExecutionFilter{FunctionName: "absent"})
	fmt.Fprintf(table, "function, none, %d days of partitions\t%.2f ms\t%.1f\t%d\n", longDays, ms(none.took), ratio(none, first), none.found)
	return err
}

// pages measures each filter, and answers with the first page.
func pages(ctx context.Context, db *repo.DB, table io.Writer) (first result, err error) {
	now := time.Now()
	parsed := func(text string) model.ID {
		id, _ := model.ParseID(text)
		return id
	}
	fmt.Fprintf(table, "filter\ttakes\ttimes the first page\tfound\n")
	for _, f := range []struct {
		name   string
		filter repo.ExecutionFilter
	}{
		{"none", repo.ExecutionFilter{}},
		{"offset 10,000", repo.ExecutionFilter{Page: repo.Page{Offset: 10_000}}},
		{"function, of most", repo.ExecutionFilter{FunctionName: "often"}},
		{"function, of few", repo.ExecutionFilter{FunctionName: "seldom"}},
		{"function, none", repo.ExecutionFilter{FunctionName: "absent"}},
		{"status, most", repo.ExecutionFilter{Statuses: []model.Status{model.StatusCompleted}}},
		{"status, few", repo.ExecutionFilter{Statuses: []model.Status{model.StatusFailed}}},
		{"status, two", repo.ExecutionFilter{Statuses: []model.Status{model.StatusFailed, model.StatusTimedOut}}},
		{"status, none", repo.ExecutionFilter{Statuses: []model.Status{model.StatusCrashed}}},
		{"trigger_type, most", repo.ExecutionFilter{Trigger: model.TriggerWebhook}},
		{"trigger_type, few", repo.ExecutionFilter{Trigger: model.TriggerSchedule}},
		{"trigger_type, none", repo.ExecutionFilter{Trigger: model.TriggerManual}},
		{"trigger_id, most", repo.ExecutionFilter{TriggerID: parsed("00000000-0000-7000-8000-000000000001")}},
		{"trigger_id, few", repo.ExecutionFilter{TriggerID: parsed("00000000-0000-7000-8000-000000000002")}},
		{"trigger_id, none", repo.ExecutionFilter{TriggerID: model.NewID()}},
		{"parent_execution_id, few", repo.ExecutionFilter{ParentID: parsed("00000000-0000-7000-8000-000000000003")}},
		{"parent_execution_id, none", repo.ExecutionFilter{ParentID: model.NewID()}},
		{"error_type, few", repo.ExecutionFilter{ErrorType: "ValueError"}},
		{"error_type, none", repo.ExecutionFilter{ErrorType: "OSError"}},
		{"min_duration_ms, most", repo.ExecutionFilter{MinDuration: time.Millisecond}},
		{"min_duration_ms, few", repo.ExecutionFilter{MinDuration: 10 * time.Second}},
		{"min_duration_ms, none", repo.ExecutionFilter{MinDuration: time.Hour}},
		{"since an hour", repo.ExecutionFilter{Since: now.Add(-time.Hour)}},
		{"until 29 days ago", repo.ExecutionFilter{Until: now.AddDate(0, 0, -29)}},
		{"function and trigger_id of another", repo.ExecutionFilter{FunctionName: "seldom", TriggerID: parsed("00000000-0000-7000-8000-000000000001")}},
		{"function and status", repo.ExecutionFilter{FunctionName: "often", Statuses: []model.Status{model.StatusFailed}}},
	} {
		r, err := measure(ctx, db, f.filter)
		if err != nil {
			return first, err
		}
		if first.took == 0 {
			first = r
		}
		mark := ""
		if ratio(r, first) > most {
			mark = fmt.Sprintf("  (above %g)", most)
		}
		fmt.Fprintf(table, "%s\t%.2f ms\t%.1f%s\t%d\n", f.name, ms(r.took), ratio(r, first), mark, r.found)
	}
	return first, nil
}

type result struct {
	took  time.Duration
	found int
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func ratio(r, first result) float64 { return float64(r.took) / float64(first.took) }

// measure is the quickest of several first pages, after one to warm up: others
// may be busy on the machine.
func measure(ctx context.Context, db *repo.DB, filter repo.ExecutionFilter) (result, error) {
	var all []time.Duration
	found := 0
	for i := range rounds + 1 {
		begin := time.Now()
		page, _, err := db.ListExecutions(ctx, tenant, filter)
		if err != nil {
			return result{}, err
		}
		if found = len(page); i > 0 {
			all = append(all, time.Since(begin))
		}
	}
	return result{slices.Min(all), found}, nil
}
