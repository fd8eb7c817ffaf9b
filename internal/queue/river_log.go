package queue

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// quietFor is how long a complaint of River's is not repeated.
const quietFor = 30 * time.Second

// riverLog is what River logs to. While the database is away it complains
// several times a second, in each of its parts: that there is an outage is said
// by the recorder, once, so these are warnings here, and each comes seldom. Of
// runs River has nothing to say: how they ended stands in their records.
type riverLog struct {
	slog.Handler
	said *said // shared by the handlers made of this one
}

// said is when each message was logged last.
type said struct {
	mu sync.Mutex
	at map[string]time.Time // guarded by mu; River has some dozens of messages
}

func newRiverLog(log *slog.Logger) *slog.Logger {
	return slog.New(riverLog{log.Handler(), &said{at: map[string]time.Time{}}})
}

// Handle implements slog.Handler.
func (h riverLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn {
		return h.Handler.Handle(ctx, r)
	}
	if !h.said.again(r.Message, r.Time) || !h.Enabled(ctx, slog.LevelWarn) {
		return nil
	}
	r.Level = slog.LevelWarn
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h riverLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return riverLog{h.Handler.WithAttrs(attrs), h.said}
}

// WithGroup implements slog.Handler.
func (h riverLog) WithGroup(name string) slog.Handler {
	return riverLog{h.Handler.WithGroup(name), h.said}
}

// again reports whether a message may be logged now, and notes that it is.
func (s *said) again(message string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, known := s.at[message]; known && now.Sub(last) < quietFor {
		return false
	}
	s.at[message] = now
	return true
}
