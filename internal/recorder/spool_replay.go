package recorder

import (
	"context"
	"errors"
	"log/slog"

	"maestro/internal/model"
	"maestro/repo"
)

// ReplaySpool writes the records that an earlier process has left in a spool
// folder. Call it at the start: until it has returned, the runs of that process
// must not be settled as orphaned, or those that had ended would count as crashed,
// and be run again. The error says that the database does not take the records at
// present; they stay in the folder. It returns how many it has written.
func ReplaySpool(ctx context.Context, db *repo.DB, dir string, log *slog.Logger) (written int64, err error) {
	r := New(db, Options{SpoolDir: dir}, log)
	defer r.abandon()
	defer context.AfterFunc(ctx, r.abandon)()
	r.spool.openReserve()
	defer r.spool.closeReserve()
	_, err = r.replayFiles()
	return r.stats.replayed.Load(), err
}

// toSpool saves records that can't be written now.
func (r *Recorder) toSpool(records []*model.Record) error {
	if err := r.spool.put(records); err != nil {
		return err
	}
	r.stats.spooled.Add(int64(len(records)))
	return nil
}

// lose counts records that neither the database nor the disk has taken: the one
// case in which a record is lost.
func (r *Recorder) lose(n int, cause error) {
	r.stats.lost.Add(int64(n))
	r.log.Error("records are lost: the database is away and this server's disk does not take them", slog.Int("records", n), slog.Any("error", cause))
}

// replayFiles writes the reserve, and then file after file. It stops when the
// database is away; a file that is refused for another reason stays, and the next
// one is tried. The error is the first one.
func (r *Recorder) replayFiles() (replayed bool, err error) {
	if replayed, err = r.replayReserve(); repo.IsAway(err) {
		return replayed, err
	}
	for _, path := range r.spool.files() {
		if r.untilStop.Err() != nil {
			return replayed, err
		}
		records, unreadable := r.spool.read(path)
		if unreadable != nil {
			continue
		}
		// Writing a file twice is harmless: a record that is there stays.
		switch failed := r.replay(records); {
		case repo.IsAway(failed):
			return replayed, failed
		case failed != nil:
			err = errors.Join(err, failed)
			continue
		}
		replayed = true
		if failed := r.spool.remove(path); failed != nil {
			r.log.Error("a spool file that was recorded can't be removed", slog.String("file", path), slog.Any("error", failed))
			err = errors.Join(err, failed)
		}
	}
	return replayed, err
}

func (r *Recorder) replayReserve() (replayed bool, err error) {
	records, read, err := r.spool.readReserve()
	if err != nil || read == 0 {
		return false, err
	}
	if err := r.replay(records); err != nil {
		return false, err
	}
	return true, r.spool.clearReserve(read)
}

// replay writes one file's records.
func (r *Recorder) replay(records []*model.Record) error {
	var refused refusals
	for len(records) > 0 {
		part := records[:min(len(records), largestBatch)]
		// They may have rows: of runs once marked as running, or from a replay
		// that was broken off.
		if _, err := r.insert(r.db, part, r.db.MergeRecords, writeTimeout, &refused); err != nil {
			r.note(err)
			return err
		}
		r.stats.replayed.Add(int64(len(part)))
		records = records[len(part):]
	}
	return nil
}
