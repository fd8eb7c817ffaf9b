package repo

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// A version that is blamed this often within the span is quarantined.
const (
	mostBlames = 3
	blameSpan  = 10 * time.Minute
)

// Blame says that the code of a function has ended the process that ran it: a server, or
// a child of one.
type Blame struct {
	Tenant      string
	Versions    []model.NamedVersion // of functions and modules whose code ran, the innermost first
	ExecutionID model.ID             // zero: it belonged to none
	Cause       string               // for people, such as the name of the signal
}

// Blamed is the result of a blame.
type Blamed struct {
	Function    model.NamedVersion // the innermost one that is a function; no name: there was none
	Quarantined bool               // it is quarantined from now on
}

// BlameFunction records a blame. The function's third within ten minutes quarantines
// it, until it has another version or ReleaseFunction is called.
func (d *DB) BlameFunction(ctx context.Context, blame Blame) (blamed Blamed, err error) {
	err = d.inTx(ctx, func(q *dbsqlc.Queries) error {
		var f dbsqlc.Function
		for _, version := range blame.Versions {
			f, err = q.LockBlamed(ctx, blame.Tenant, version.Name, int32(version.Number))
			if err == nil {
				blamed.Function = version
				break
			}
			if !noRows(err) {
				return err
			}
		}
		if blamed.Function.Name == "" {
			return nil // deleted with its subtenant, or code that has given itself another name
		}
		number := int32(blamed.Function.Number)
		err := q.InsertBlame(ctx, dbsqlc.InsertBlameParams{
			Tenant: blame.Tenant, FunctionID: f.ID, Version: number, ExecutionID: uuid(blame.ExecutionID), Cause: blame.Cause,
		})
		if err != nil {
			return err
		}
		count, err := q.CountBlames(ctx, dbsqlc.CountBlamesParams{
			Tenant: blame.Tenant, FunctionID: f.ID, Version: number,
			Span: pgtype.Interval{Microseconds: blameSpan.Microseconds(), Valid: true},
		})
		if err != nil || count < mostBlames || f.Version != number || isQuarantined(f) {
			return err
		}
		blamed.Quarantined = true
		reason := fmt.Sprintf("Its code ended the process that ran it %d times within ten minutes, the last time by %s", count, blame.Cause)
		if !blame.ExecutionID.IsZero() {
			reason += fmt.Sprintf(" (execution %s)", blame.ExecutionID)
		}
		if err := q.QuarantineFunction(ctx, reason+".", blame.Tenant, f.ID); err != nil {
			return err
		}
		return note(ctx, q, blame.Tenant, FunctionsChanged)
	})
	return blamed, d.fail(err, "blame a function of %s", blame.Tenant)
}

// ReleaseFunction ends the quarantine of an active function, and forgets its blames.
func (d *DB) ReleaseFunction(ctx context.Context, tenant, name string) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		f, err := q.LockFunction(ctx, tenant, name)
		if noRows(err) || err == nil && !f.IsActive {
			return errFunctionNotFound(name)
		}
		if err != nil {
			return err
		}
		if err := q.ReleaseBlames(ctx, tenant, f.ID); err != nil || !isQuarantined(f) {
			return err
		}
		if err := q.ReleaseFunction(ctx, tenant, f.ID); err != nil {
			return err
		}
		return note(ctx, q, tenant, FunctionsChanged)
	})
	return d.fail(err, "release function %s", name)
}

// CountQuarantined is how many functions of all subtenants are quarantined.
func (d *DB) CountQuarantined(ctx context.Context) (int, error) {
	n, err := d.q.CountQuarantined(ctx)
	return int(n), d.fail(err, "count the quarantined functions")
}

// DeleteOldBlames deletes those of more than a month ago. Call it every hour.
func (d *DB) DeleteOldBlames(ctx context.Context) error {
	return d.fail(d.q.DeleteOldBlames(ctx), "delete old blames")
}

func isQuarantined(f dbsqlc.Function) bool {
	return f.QuarantinedVersion != nil && *f.QuarantinedVersion == f.Version
}

func quarantineOf(f dbsqlc.Function) *model.Quarantine {
	if !isQuarantined(f) {
		return nil
	}
	q := &model.Quarantine{Since: timeOf(f.QuarantinedAt)}
	if f.QuarantineReason != nil {
		q.Reason = *f.QuarantineReason
	}
	return q
}
