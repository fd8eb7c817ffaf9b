package secrets

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"maestro/internal/backoff"
	"maestro/repo"
)

const (
	writeEvery = time.Minute // between two writes of the last reads
	mostReads  = 1000        // of one statement
)

// stamp is the minute in which a secret was last read on this server.
type stamp struct {
	minute  atomic.Int64 // since 1970; 0: never
	written atomic.Int64 // the minute that the database has of this server

	by atomic.Pointer[string] // the function that was the first to read it in that minute; "": the server itself
}

// set notes a read. Reads of one minute write once: many threads that read the same
// secret share the line of memory.
func (s *stamp) set(now time.Time, by string) {
	if minute := now.Unix() / 60; s.minute.Load() < minute {
		name := by // a copy, so that the other reads leave theirs on the stack
		s.by.Store(&name)
		s.minute.Store(minute)
	}
}

func (k *Keeper) run(ctx context.Context) {
	for backoff.Sleep(ctx, writeEvery) {
		if err := k.WriteReads(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("the last reads of secrets could not be recorded; they are kept for the next try", slog.Any("error", err))
		}
	}
}

// WriteReads stores when secrets were last read on this server, of those that were read
// in another minute than is stored. What it can't write is written the next time.
func (k *Keeper) WriteReads(ctx context.Context) error {
	var all []repo.SecretRead
	var stamps []*stamp
	flush := func() error {
		if err := k.db.NoteSecretReads(ctx, all); err != nil {
			return err
		}
		for i, s := range stamps {
			s.written.Store(all[i].At.Unix() / 60)
		}
		all, stamps = all[:0], stamps[:0]
		return nil
	}
	var err error
	k.tenants.Range(func(tenant, found any) bool {
		set := found.(*shelf).last.Load()
		if set == nil {
			return true
		}
		for name, secret := range set.values {
			minute := secret.read.minute.Load()
			if minute == secret.read.written.Load() {
				continue
			}
			all = append(all, repo.SecretRead{Tenant: tenant.(string), Name: name, At: time.Unix(minute*60, 0).UTC(), By: *secret.read.by.Load()})
			stamps = append(stamps, secret.read)
			if len(all) == mostReads {
				if err = flush(); err != nil {
					return false
				}
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	return flush()
}
