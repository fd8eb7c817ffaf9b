package queue_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

// What can follow what in queued_runs, tried out by all that writes it, is what
// the table in docs/internals.md says.
func TestStatesOfQueuedRuns(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	limits := repo.Limits{PerFunction: 9, PerTenant: 9, Room: 9}
	ended := func(run model.QueuedRun, retry bool, in time.Duration) error {
		e := run.Execution
		e.Status, e.StartedAt, e.CompletedAt = model.StatusFailed, time.Now(), time.Now()
		return db.MergeRecords(t.Context(), []*model.Record{{Execution: e, Queued: &model.QueuedEnd{Claim: run.Claim, Retry: retry, RetryIn: in}}}, "test")
	}
	var server model.ID
	register := func() {
		var err error
		server, _, err = db.RegisterServer(t.Context(), "test", model.NewID().String())
		require.NoError(t, err)
	}
	register()
	writers := map[string]func(run model.QueuedRun) error{
		"its time comes": func(model.QueuedRun) error {
			_, err := db.Pool().Exec(t.Context(), "UPDATE queued_runs SET run_at = now() WHERE NOT due")
			if err == nil {
				_, err = db.MakeDue(t.Context())
			}
			return err
		},
		"claim": func(model.QueuedRun) error {
			_, err := db.ClaimRuns(t.Context(), server, limits)
			return err
		},
		"release": func(run model.QueuedRun) error { return db.ReleaseRun(t.Context(), run.Execution.ID, run.Claim, 0) },
		"release for a while": func(run model.QueuedRun) error {
			return db.ReleaseRun(t.Context(), run.Execution.ID, run.Claim, time.Hour)
		},
		"end":         func(run model.QueuedRun) error { return ended(run, false, 0) },
		"retry":       func(run model.QueuedRun) error { return ended(run, true, 0) },
		"retry later": func(run model.QueuedRun) error { return ended(run, true, time.Hour) },
		"cancel": func(run model.QueuedRun) error {
			_, err := db.CancelQueued(t.Context(), run.Execution.Tenant, run.Execution.ID)
			return err
		},
		"the server is gone": func(model.QueuedRun) error {
			defer register()
			if err := db.LeaveServer(t.Context(), server); err != nil {
				return err
			}
			_, err := db.SettleGone(t.Context())
			return err
		},
	}
	state := func() (now string) {
		require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT COALESCE((SELECT
			CASE WHEN claim IS NOT NULL THEN 'running' WHEN due THEN 'waiting' ELSE 'delayed' END FROM queued_runs), 'gone')`).Scan(&now))
		return now
	}
	states := []string{"delayed", "waiting", "running", "gone"}
	// in brings a run into a state and returns it as its server knows it.
	in := func(from string) model.QueuedRun {
		run := pending("a", nil)
		if from == "delayed" {
			run.Delay = time.Hour
		}
		require.NoError(t, db.Enqueue(t.Context(), nil, run))
		if from == "running" || from == "gone" {
			claimed, err := db.ClaimRuns(t.Context(), server, limits)
			require.NoError(t, err)
			require.Len(t, claimed, 1)
			run = claimed[0]
		}
		if from == "gone" {
			require.NoError(t, ended(run, false, 0))
		}
		require.Equal(t, from, state())
		return run
	}
	found := map[string][]string{}
	for _, from := range states {
		found[from] = []string{}
		for name, write := range writers {
			require.NoError(t, write(in(from)), "%s: %s", from, name)
			if to := state(); to != from && !slices.Contains(found[from], to) {
				found[from] = append(found[from], to)
			}
			_, err := db.Pool().Exec(t.Context(), "DELETE FROM queued_runs")
			require.NoError(t, err)
		}
		slices.Sort(found[from])
	}
	require.Equal(t, documented(t), found)
}

// documented is the table of the states of a queued run.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	document, err := os.ReadFile("../../docs/internals.md")
	require.NoError(t, err)
	_, section, there := strings.Cut(string(document), "### States of a queued run\n")
	require.True(t, there)
	section, _, _ = strings.Cut(section, "\n#")
	table := map[string][]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z]+) \| .* \|([a-z, ]*)\|$`).FindAllStringSubmatch(section, -1) {
		if row[1] != "state" {
			next := strings.FieldsFunc(row[2], func(r rune) bool { return r == ',' || r == ' ' })
			slices.Sort(next)
			table[row[1]] = append([]string{}, next...)
		}
	}
	return table
}
