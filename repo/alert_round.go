package repo

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// AlertSignal says that an execution has failed, or that a due time of a schedule has no
// run.
type AlertSignal struct {
	Tenant, Function string
	At               time.Time // the end of the execution, or the due time
	Execution        model.ID  // zero: of a schedule
	// Count is how many executions the signal stands for, of which First has ended
	// first, and Execution last, at At.
	Count    int
	First    time.Time
	Schedule model.ID
	Reason   string          // why the due time has no run
	Notify   json.RawMessage // the setting that holds for the function; null: none
	OfAlert  bool            // a message has led to the execution
}

// Kinds of problems.
const (
	ProblemFailed = "failed" // of a function
	ProblemMissed = "missed" // of a schedule
)

// Problem is that of a function or a schedule, as in alert_problems.
type Problem struct {
	Tenant, Kind, Subject, Function string
	Open, Reported                  bool
	OpenedAt, LastAt                time.Time
	Execution                       model.ID
	Reason                          string
	LeftOut                         int64
	NextAt, CheckAt                 time.Time
	RecoveredAt                     time.Time
	RecoveredBy                     model.ID
}

// CheckedProblem is an open problem with what shows that it is over.
type CheckedProblem struct {
	Problem
	Notify    json.RawMessage
	Succeeded model.ID  // the execution after which the function is well again; zero: there is none
	OverAt    time.Time // when that was, or when the schedule was started last
	Started   bool      // the schedule was started since, and its run has begun
	Gone      bool      // the function or the schedule is no longer there, or switched off
}

// LateStart is a schedule whose run has not begun long after its due time.
type LateStart struct {
	Schedule         model.ID
	Tenant, Function string
	Notify           json.RawMessage
	Due              time.Time
	Queued           bool // its run waits in the queue
}

// AlertRound is the transaction in which one server looks at what happened, and makes
// messages of it.
type AlertRound struct{ q *dbsqlc.Queries }

// AlertsDue reports whether there is anything for a round to do. It is cheap.
func (d *DB) AlertsDue(ctx context.Context, now time.Time) (bool, error) {
	due, err := d.q.AlertsDue(ctx, now)
	return due, d.fail(err, "look for signals of failures")
}

// HoldAlertRound calls do unless another server is at it, and commits what it changed.
func (d *DB) HoldAlertRound(ctx context.Context, do func(AlertRound) error) error {
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		if ours, err := q.TryLockAlerts(ctx); err != nil || !ours {
			return err
		}
		return do(AlertRound{q})
	})
	return d.fail(err, "make messages of failures")
}

// TakeSignals removes and returns the oldest signals that it is time to look at, at
// most limit.
func (r AlertRound) TakeSignals(ctx context.Context, now time.Time, limit int) ([]AlertSignal, error) {
	rows, err := r.q.TakeSignals(ctx, now, int32(limit))
	return each(rows, func(row dbsqlc.TakeSignalsRow) AlertSignal {
		return AlertSignal{
			Tenant: row.Tenant, Function: row.FunctionName, At: row.At, Execution: row.ExecutionID.Bytes, Schedule: row.ScheduleID.Bytes,
			Count: int(row.Occurrences), First: row.FirstAt,
			Reason: wordOf(row.Reason), Notify: row.Notify, OfAlert: row.OfAlert,
		}
	}), err
}

// Problems returns those of the given subjects that there are, in any order. Only Tenant,
// Kind and Subject of the given ones are read.
func (r AlertRound) Problems(ctx context.Context, of []Problem) ([]Problem, error) {
	if len(of) == 0 {
		return nil, nil
	}
	var tenants, kinds, subjects []string
	for i := range of {
		tenants, kinds, subjects = append(tenants, of[i].Tenant), append(kinds, of[i].Kind), append(subjects, of[i].Subject)
	}
	rows, err := r.q.GetProblems(ctx, tenants, kinds, subjects)
	return each(rows, problem), err
}

// PutProblems stores problems as they are now, of which no two are of one subject.
func (r AlertRound) PutProblems(ctx context.Context, all []Problem) error {
	if len(all) == 0 {
		return nil
	}
	var params dbsqlc.PutProblemsParams
	for i := range all {
		p := &all[i]
		recovered := p.RecoveredAt
		if recovered.IsZero() {
			recovered = time.Unix(0, 0)
		}
		params.Tenants, params.Kinds, params.Subjects = append(params.Tenants, p.Tenant), append(params.Kinds, p.Kind), append(params.Subjects, p.Subject)
		params.Functions, params.Reasons, params.LeftOuts = append(params.Functions, p.Function), append(params.Reasons, p.Reason), append(params.LeftOuts, p.LeftOut)
		params.AreOpen, params.AreReported = append(params.AreOpen, p.Open), append(params.AreReported, p.Reported)
		params.OpenedAts, params.LastAts = append(params.OpenedAts, p.OpenedAt), append(params.LastAts, p.LastAt)
		params.NextAts, params.CheckAts = append(params.NextAts, p.NextAt), append(params.CheckAts, p.CheckAt)
		params.Executions = append(params.Executions, uuid(p.Execution))
		params.RecoveredAts, params.RecoveredBys = append(params.RecoveredAts, recovered), append(params.RecoveredBys, uuid(p.RecoveredBy))
	}
	return r.q.PutProblems(ctx, params)
}

// DeleteProblem forgets a problem without a message.
func (r AlertRound) DeleteProblem(ctx context.Context, p *Problem) error {
	return r.q.DeleteProblem(ctx, p.Tenant, p.Kind, p.Subject)
}

// ProblemsToTell returns problems of which something was left out, and that may have
// a message again.
func (r AlertRound) ProblemsToTell(ctx context.Context, now time.Time, limit int) ([]CheckedProblem, error) {
	rows, err := r.q.ListProblemsToTell(ctx, now, int32(limit))
	return each(rows, func(row dbsqlc.ListProblemsToTellRow) CheckedProblem {
		return CheckedProblem{Problem: problem(row.AlertProblem), Notify: row.Notify}
	}), err
}

// ProblemsToCheck returns open problems that it is time to look at.
func (r AlertRound) ProblemsToCheck(ctx context.Context, now time.Time, limit int) ([]CheckedProblem, error) {
	rows, err := r.q.ListProblemsToCheck(ctx, now, int32(limit))
	return each(rows, func(row dbsqlc.ListProblemsToCheckRow) CheckedProblem {
		off := row.ScheduleActive == nil || !*row.ScheduleActive
		return CheckedProblem{
			Problem: problem(row.AlertProblem), Notify: row.Notify, Succeeded: row.Succeeded.Bytes, OverAt: timeOf(row.OverAt),
			Started: row.Started, Gone: row.AlertProblem.Kind == ProblemFailed && !row.FunctionThere || row.AlertProblem.Kind == ProblemMissed && off,
		}
	}), err
}

// LateStarts returns the schedules with a setting whose due time before a moment has
// no run that has begun.
func (r AlertRound) LateStarts(ctx context.Context, before time.Time) ([]LateStart, error) {
	rows, err := r.q.ListLateStarts(ctx, before)
	return each(rows, func(row dbsqlc.ListLateStartsRow) LateStart {
		return LateStart{Schedule: row.ID.Bytes, Tenant: row.Tenant, Function: row.FunctionName, Notify: row.Notify, Due: row.Due, Queued: row.Queued}
	}), err
}

// StartedSince reports whether a run of a schedule was stored from a moment on, before
// another one, and has begun.
func (r AlertRound) StartedSince(ctx context.Context, tenant string, schedule model.ID, from, before time.Time) (bool, error) {
	return r.q.StartedSince(ctx, dbsqlc.StartedSinceParams{
		Tenant: tenant, ScheduleID: uuid(schedule), FromID: uuid(model.FirstIDOf(from)), BeforeID: uuid(model.FirstIDOf(before)),
	})
}

// Execution returns an execution of the round's moment; CodeExecutionNotFound when its
// record was deleted.
func (r AlertRound) Execution(ctx context.Context, tenant string, id model.ID) (model.Execution, error) {
	row, err := r.q.GetExecution(ctx, tenant, uuid(id))
	if noRows(err) {
		return model.Execution{}, errExecutionNotFound()
	}
	if err != nil {
		return model.Execution{}, err
	}
	return execution(row), nil
}

// Schedule returns a schedule; CodeScheduleNotFound when it was deleted.
func (r AlertRound) Schedule(ctx context.Context, tenant string, id model.ID) (model.Schedule, error) {
	row, err := r.q.GetSchedule(ctx, tenant, uuid(id))
	if noRows(err) {
		return model.Schedule{}, errScheduleNotFound()
	}
	if err != nil {
		return model.Schedule{}, err
	}
	return schedule(row.ScheduledJob, row.FunctionThere, row.FunctionOff), nil
}

// Enqueue stores a message, of which the first attempt is due at once.
func (r AlertRound) Enqueue(ctx context.Context, delivery Delivery) error {
	_, err := insertDelivery(ctx, r.q, delivery)
	return err
}

func problem(row dbsqlc.AlertProblem) Problem {
	return Problem{
		Tenant: row.Tenant, Kind: row.Kind, Subject: row.Subject, Function: row.FunctionName, Open: row.IsOpen, Reported: row.IsReported,
		OpenedAt: row.OpenedAt, LastAt: row.LastAt, Execution: row.ExecutionID.Bytes, Reason: wordOf(row.Reason), LeftOut: row.LeftOut,
		NextAt: row.NextAt, CheckAt: row.CheckAt, RecoveredAt: timeOf(row.RecoveredAt), RecoveredBy: row.RecoveredBy.Bytes,
	}
}
