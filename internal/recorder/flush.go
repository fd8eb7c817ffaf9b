package recorder

import (
	"slices"
	"time"

	"maestro/internal/model"
)

const (
	largestBatch      = 1024                 // records in one transaction
	largestBatchBytes = 8 << 20              // the same in bytes, give or take one record
	writeTimeout      = 30 * time.Second     // of one transaction: a hung server counts as away
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
// for too long, and tells everyone who waits.
func (r *Recorder) write(l *line, batch []*entry) {
	fresh, known := split(batch)
	if len(fresh) > 0 {
		r.writeAll(l, fresh, r.db.CopyRecords)
	}
	if len(known) > 0 {
		r.writeAll(l, known, r.db.MergeRecords)
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
	var err error
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if left, err = r.insert(left, write, &refused); err == nil {
			r.committed(l, len(batch))
			r.settle(l, batch, nil, refused)
			return
		}
		if l.outage.begin() {
			r.log.Error("records can't be written at present; trying on", "error", err)
		}
		if r.mustSpool(l) {
			r.toSpool(left)
			r.settle(l, batch, errKept(err), refused)
			return
		}
		r.wait(pause)
		// A commit whose answer was lost may have happened.
		write = r.db.MergeRecords
	}
}

// mustSpool reports whether waiting for the database is no longer right. With
// nowhere to put records it is right until Stop.
func (r *Recorder) mustSpool(l *line) bool {
	select {
	case <-r.stopping:
		return true
	default:
		return r.opts.SpoolDir != "" && l.outage.duration() >= r.opts.SpoolAfter
	}
}

func (r *Recorder) wait(pause time.Duration) {
	select {
	case <-r.stopping:
	case <-time.After(pause):
	}
}

func (r *Recorder) committed(l *line, n int) {
	if l.outage.end() {
		r.log.Info("records reach the database again")
	}
	r.stats.batches.Add(1)
	r.stats.records.Add(int64(n))
	for {
		largest := r.stats.largest.Load()
		if int64(n) <= largest || r.stats.largest.CompareAndSwap(largest, int64(n)) {
			return
		}
	}
}

// settle tells those who wait, and makes room in the queue.
func (r *Recorder) settle(l *line, batch []*entry, err error, refused refusals) {
	var size int64
	for _, e := range batch {
		size += e.size
		if refusal, found := refused[e.record]; found {
			e.settled <- refusal
			continue
		}
		e.settled <- err
	}
	r.stats.queued.Add(-int64(len(batch)))
	l.room.Release(size)
}
