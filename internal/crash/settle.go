package crash

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/journal"
	"maestro/internal/model"
	"maestro/repo"
)

// Settle records what the predecessor on a data folder has left in its journal. Call
// it when the spool was replayed, and before the folder has another server: runs that
// have their record stay as they are. count gets the runs that were settled. With an
// error the journal is as before.
func Settle(ctx context.Context, db *repo.DB, j *journal.Journal, folder string, count func([]repo.SettledRun), log *slog.Logger) error {
	runs, complete := j.Left()
	var culprits []culprit
	for _, marker := range j.Markers() {
		c := newCulprit(marker, runs)
		c.report(log)
		culprits = append(culprits, c)
	}
	// Records before blames: with a blame whose answer is lost the start fails, and the
	// next one blames again.
	settled, err := db.SettleCrashes(ctx, folder, crashesOf(runs, culprits), complete)
	if err != nil {
		return err
	}
	count(settled.Runs)
	if settled.Crashed+settled.Released > 0 {
		log.Warn("runs that a crash has cut off are settled", slog.Int("begun", settled.Crashed), slog.Int("released", settled.Released))
	}
	for i := range culprits {
		if err := culprits[i].blame(ctx, db, log); err != nil {
			return err
		}
	}
	return j.Settled()
}

// crashesOf are the runs whose code had begun, with their ends.
func crashesOf(runs []journal.Entry, culprits []culprit) []repo.Crash {
	now := time.Now()
	var crashes []repo.Crash
	for i := range runs {
		run := &runs[i]
		if run.Started.IsZero() {
			continue
		}
		e := model.Execution{
			ID: run.ExecutionID, Tenant: run.Tenant, FunctionName: run.Function, FunctionVersion: run.Version,
			Trigger: run.Trigger, TriggerID: run.TriggerID, ParentID: run.ParentID,
			CreatedAt: run.Created, StartedAt: run.Started, CompletedAt: now, Attempt: run.Attempt, Lane: run.Lane,
		}
		message, kind := unknownCause, model.ErrorCrashed
		for j := range culprits {
			message = otherRun
			if c := &culprits[j]; c.run == run {
				message, kind = c.message(), model.ErrorProcessCrashed
				if traceback := c.marker.Traceback(); traceback != "" {
					e.Traceback = &traceback
				}
				break
			}
		}
		e.Error, e.ErrorType = &message, &kind
		crashes = append(crashes, repo.Crash{Execution: e, Claim: run.Claim})
	}
	return crashes
}

const (
	unknownCause = repo.ServerDied
	// otherRun names no function: it may be another subtenant's.
	otherRun = "the server that ran the execution died of the code of another execution; whether its work was done is not known"
)
