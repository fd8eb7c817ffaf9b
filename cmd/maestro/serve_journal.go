package main

import (
	"path/filepath"
	"time"

	"maestro/internal/journal"
)

// journalPatience is how long the start waits for the end of a predecessor that is
// dying.
const journalPatience = 10 * time.Second

// startJournal opens the journal of the data folder, which one process holds at a
// time. It is closed after all else.
func (p *parts) startJournal() (err error) {
	p.journal, err = journal.Open(filepath.Join(p.cfg.DataDir, "journal"), journalPatience)
	if err != nil {
		return err
	}
	p.stops.Push("journal", 0, closing(func() { _ = p.journal.Close() }))
	return nil
}
