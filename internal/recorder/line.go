package recorder

import (
	"golang.org/x/sync/semaphore"

	"maestro/repo"
)

// line is the queue of records of one kind, and whether the database takes them.
// Each kind has its own, so that one that is held up, or can't get a connection,
// does not delay the others.
type line struct {
	db      *repo.DB
	entries chan *entry
	bytes   int64               // that may wait
	room    *semaphore.Weighted // of these, the rest
	outage  outage
}

func newLine(db *repo.DB, bytes int64) *line {
	return &line{
		db: db,
		// As many as there can be: sending never blocks, the semaphore does.
		entries: make(chan *entry, bytes/recordOverhead+1),
		bytes:   bytes,
		room:    semaphore.NewWeighted(bytes),
	}
}

// lineOf is where a record waits.
func (r *Recorder) lineOf(e *entry) *line {
	switch {
	case e.record.StepsOnly:
		return r.parts
	case e.record.Queued != nil:
		return r.background
	default:
		return r.waited
	}
}
