package postgres

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

// logWriter passes PostgreSQL's lines on to a logger and remembers the last
// complaint. Only the goroutine that copies the child's output writes;
// complaint may be asked at the same time.
type logWriter struct {
	log     *slog.Logger
	partial []byte

	mu    sync.Mutex
	worst string // the last FATAL or PANIC line, or the one that tells of a full disk; guarded by mu
}

func (w *logWriter) Write(p []byte) (int, error) {
	w.partial = append(w.partial, p...)
	for {
		line, rest, found := bytes.Cut(w.partial, []byte("\n"))
		if !found {
			return len(p), nil
		}
		w.take(string(line))
		w.partial = rest
	}
}

func (w *logWriter) take(line string) {
	word, text, _ := strings.Cut(line, ":")
	level := slog.LevelDebug
	switch word {
	case "WARNING":
		level = slog.LevelWarn
	case "ERROR":
		level = slog.LevelInfo // the client has got it too
	case "LOG":
		if strings.Contains(text, "ready to accept connections") { // it has recovered
			w.mu.Lock()
			w.worst = ""
			w.mu.Unlock()
		}
	case "FATAL", "PANIC":
		// A connection that failed is its client's matter; what ended the
		// server is reported once it has ended.
		level = slog.LevelInfo
		w.mu.Lock()
		// What follows from a full disk does not name it.
		if !tellsOfFullDisk(w.worst) || tellsOfFullDisk(text) {
			w.worst = strings.TrimSpace(text)
		}
		w.mu.Unlock()
	}
	w.log.Log(context.Background(), level, "postgres: "+line)
}

// complaint is the last thing that PostgreSQL called fatal, to be added to an
// error, or "".
func (w *logWriter) complaint() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.worst == "" {
		return ""
	}
	return ": " + w.worst
}
