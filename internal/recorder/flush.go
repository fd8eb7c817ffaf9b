package recorder

import (
	"slices"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
)

const (
	largestBatch      = 1024                 // records in one transaction
	largestBatchBytes = 8 << 20              // the same in bytes, give or take one record
	confirmTime       = 8 * time.Second      // of one transaction that runs wait for: a longer one counts as failed
	writeTimeout      = 30 * time.Second     // of one that no run waits for
	firstPause        = 2 * time.Millisecond // one broken connection is no outage
	longestPause      = 500 * time.Millisecond
)

// flush is the loop of one flusher. It ends when its line is closed and empty.
func (r *Recorder) flush(l *line) {
	batch := make([]*entry, 0, largestBatch)
	for e := range l.entries {
		batch = append(batch[:0], e)
		bytes := e.size
	collect:
		for len(batch) < largestBatch && bytes < largestBatchBytes {
			select {
			case next, open := <-l.entries:
				if !open {
					break collect
				}
				batch = append(batch, next)
				bytes += next.size
			default:
				break collect
			}
		}
		r.write(l, batch)
		clear(batch)
	}
}

// write brings a batch into the database, or into the spool when that is away
// for too long, and reports the outcome to the runs that wait for it.
func (r *Recorder) write(l *line, batch []*entry) {
	fresh, known := split(batch)
	if len(fresh) > 0 {
		r.writeAll(l, fresh, l.db.CopyRecords)
	}
	if len(known) > 0 {
		r.writeAll(l, known, l.db.MergeRecords)
	}
}

// split parts the records that may have a row from those that have none:
// nearly always all of them.
func split(batch []*entry) (fresh, known []*entry) {
	if !slices.ContainsFunc(batch, func(e *entry) bool { return e.hasRow }) {
		return batch, nil
	}
	for _, e := range batch {
		if e.hasRow {
			known = append(known, e)
		} else {
			fresh = append(fresh, e)
		}
	}
	return fresh, known
}

func (r *Recorder) writeAll(l *line, batch []*entry, write writer) {
	left := make([]*model.Record, len(batch))
	for i, e := range batch {
		left[i] = e.record
	}
	var refused refusals
	var failing outage // of this batch
	var full error     // of the disk
	for pause := newPauses(); ; {
		if r.mayWrite(l) && (full != nil || failing.duration() < r.opts.SpoolAfter || r.opts.SpoolDir == "") {
			began := moment()
			var err error
			if left, err = r.insert(l.db, left, write, confirmTime, &refused); err == nil {
				r.committed(l, batch)
				r.settle(l, batch, model.Committed, refused)
				return
			}
			r.note(err)
			l.outage.begin(began)
			failing.begin(began)
		}
		if r.mustSpool(l, &failing) {
			if full = r.toSpool(left); full == nil {
				l.outage.begin(moment()) // until they are replayed
				r.settle(l, batch, model.Spooled, refused)
				return
			}
			if r.abandoned.Err() != nil {
				r.lose(len(left), full)
				r.settle(l, batch, model.Unsaved, refused)
				return
			}
		}
		pause.Wait(r.abandoned)
		// A commit whose answer was lost may have happened.
		write = l.db.MergeRecords
	}
}

// mayWrite reports whether it makes sense to ask the database: of one that has
// been away for long, recover finds out when it is back.
func (r *Recorder) mayWrite(l *line) bool {
	return r.opts.SpoolDir == "" || r.away(l) < r.opts.SpoolAfter
}

// mustSpool reports whether waiting for the database is no longer right. With
// nowhere to put records it is right until Stop.
func (r *Recorder) mustSpool(l *line, failing *outage) bool {
	select {
	case <-r.stopping:
		return failing.isOn() || !r.mayWrite(l)
	default:
		return r.opts.SpoolDir != "" && (!r.mayWrite(l) || failing.duration() >= r.opts.SpoolAfter)
	}
}

// newPauses are those between attempts to write.
func newPauses() backoff.Backoff {
	return backoff.Backoff{First: firstPause, Longest: longestPause}
}

func (r *Recorder) committed(l *line, batch []*entry) {
	n := len(batch)
	if l.outage.isOn() && r.spool.count() == 0 {
		l.outage.end()
	}
	r.stats.batches.Add(1)
	r.stats.records.Add(int64(n))
	if first := batch[0].record; !first.StepsOnly { // the one that has waited longest
		r.opts.Committed(n, time.Since(first.Execution.CompletedAt))
	}
	for {
		largest := r.stats.largest.Load()
		if int64(n) <= largest || r.stats.largest.CompareAndSwap(largest, int64(n)) {
			return
		}
	}
}

// settle reports the outcome to the runs of a batch, and makes room in the line.
func (r *Recorder) settle(l *line, batch []*entry, kept model.Kept, refused refusals) {
	var size int64
	for _, e := range batch {
		size += e.size
		if refused[e.record] {
			e.settled <- model.Unsaved
			continue
		}
		e.settled <- kept
	}
	r.stats.queued.Add(-int64(len(batch)))
	l.room.Release(size)
}
