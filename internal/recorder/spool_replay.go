package recorder

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// spoolLook is how often the spool is looked at while it holds something.
const spoolLook = time.Second

// ReplaySpool writes what an earlier process has left in a spool folder. It is
// for a start: until it has returned nobody may take the runs of that process
// for lost, or those that had ended would count as crashed, and be run again.
// The error says that the database does not take them at present; they wait.
func ReplaySpool(ctx context.Context, db *repo.DB, dir string, log *slog.Logger) error {
	r := New(db, Options{SpoolDir: dir}, log)
	defer r.abandon()
	defer context.AfterFunc(ctx, r.abandon)()
	return r.replayFiles()
}

// toSpool saves records that can't be written now. A disk that fails too is
// the one case in which records are lost.
func (r *Recorder) toSpool(records []*model.Record) {
	n := int64(len(records))
	if err := r.spool.put(records); err != nil {
		r.stats.lost.Add(n)
		r.log.Error("records are lost: the database is away and they can't be spooled", "records", n, "error", err)
		return
	}
	r.stats.spooled.Add(n)
}

// replaySpool is the loop that writes what waits in files: at the start, and
// whenever there is something and the database can be reached.
func (r *Recorder) replaySpool() {
	ticker := time.NewTicker(spoolLook)
	defer ticker.Stop()
	r.spool.files()
	for {
		if r.spool.count() > 0 {
			_ = r.replayFiles() // it was logged, and is tried again
		}
		select {
		case <-r.stopping:
			return
		case <-ticker.C:
		}
	}
}

// replayFiles writes file after file, until one can't be written.
func (r *Recorder) replayFiles() error {
	for _, path := range r.spool.files() {
		select {
		case <-r.stopping:
			return nil
		default:
		}
		records, err := r.spool.read(path)
		if err != nil {
			continue
		}
		// Writing a file twice is harmless: a record that is there stays.
		if err := r.replay(records); err != nil {
			return err
		}
		if err := r.spool.remove(path); err != nil {
			r.log.Error("remove a spool file", "file", path, "error", err)
		}
	}
	return nil
}

// replay writes one file's records.
func (r *Recorder) replay(records []*model.Record) error {
	l := r.waited
	var refused refusals
	for len(records) > 0 {
		part := records[:min(len(records), largestBatch)]
		// They may have rows: of runs once marked as running, or from a replay
		// that was broken off.
		if _, err := r.insert(part, r.db.MergeRecords, &refused); err != nil {
			if l.outage.begin() {
				r.log.Error("records can't be written at present; the spool waits", "error", err)
			}
			return err
		}
		r.stats.replayed.Add(int64(len(part)))
		records = records[len(part):]
	}
	if l.outage.end() {
		r.log.Info("records reach the database again")
	}
	return nil
}
