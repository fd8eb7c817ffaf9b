package recorder

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// writer writes records, all or none of them.
type writer func(ctx context.Context, records []*model.Record, server string) error

// refusals are the records that the database takes in no form.
type refusals map[*model.Record]bool

// insert writes records. A value that the database refuses costs no other
// record its place: the batch is halved until the record is found, and that
// one goes in with markers for its values. An error means that the database is
// away, or behaves so; it comes with the records that are not in yet.
func (r *Recorder) insert(db *repo.DB, records []*model.Record, write writer, patience time.Duration, refused *refusals) ([]*model.Record, error) {
	err := r.try(write, records, patience)
	if repo.IsRowConflict(err) {
		err = r.try(db.MergeRecords, records, patience)
	}
	if err == nil {
		return nil, nil
	}
	if !repo.IsDataError(err) {
		return records, err
	}
	if len(records) > 1 {
		middle := len(records) / 2
		if left, err := r.insert(db, records[:middle], write, patience, refused); err != nil {
			return append(left, records[middle:]...), err
		}
		return r.insert(db, records[middle:], write, patience, refused)
	}
	id := records[0].Execution.ID
	if !degrade(records[0]) {
		r.stats.lost.Add(1)
		r.log.Error("a record can't be stored in any form", slog.Any("execution_id", id), slog.Any("error", err))
		if *refused == nil {
			*refused = refusals{}
		}
		(*refused)[records[0]] = true
		return nil, nil
	}
	r.log.Warn("a record holds what the database refuses; it is stored with a marker instead",
		slog.Any("execution_id", id), slog.Any("error", err))
	return r.insert(db, records, write, patience, refused)
}

// try writes once. A write that has begun is completed also during Stop, until
// that has run out of time, or the database turns out to be unavailable.
func (r *Recorder) try(write writer, records []*model.Record, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(r.link.context(), patience)
	defer cancel()
	err := write(ctx, records, r.opts.Server)
	if err == nil || repo.IsDataError(err) {
		r.link.hear()
	}
	return err
}
