package events

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"maestro/internal/model"
)

// embeddedStore is a miniredis in this process, for a server that was given no
// Redis; what it holds is gone when the process ends. It is read like any
// other Redis, over a connection in memory that no port leads to. Written to
// it is directly: its protocol costs ten times what the entry does.
//
// Three things that a Redis does by itself are done for it: streams expire
// when it is told that time has passed, the oldest streams are deleted at a
// bound on memory (ledger), and since it remembers every key that it ever saw,
// its contents move to a new instance after each rotateAfter streams.
//
// Most logs never come so far: they stay among the unread ones.
type embeddedStore struct {
	keepFor time.Duration
	unread  *unreadLogs
	ledger  *ledger // of the writer alone
	seen    int     // streams made since the last rotation; of the writer alone
	passed  time.Time

	mu     sync.RWMutex // guards the two below, for readers against the rotation
	server *miniredis.Miniredis
	client *redis.Client
}

// rotateAfter bounds what the embedded Redis remembers of keys that are gone,
// about 100 bytes each.
const rotateAfter = 50_000

// passEvery is how exactly streams expire. Telling costs a walk over all keys.
const passEvery = 10 * time.Minute

// embeddedTimeout is for what cannot be away, and is late only where processors are.
const embeddedTimeout = time.Minute

func newEmbeddedStore(keepFor time.Duration, bound int64) *embeddedStore {
	s := &embeddedStore{
		keepFor: keepFor, unread: newUnreadLogs(bound/2, keepFor), ledger: newLedger(bound / 2), passed: time.Now(),
	}
	s.server, s.client = newEmbedded()
	return s
}

func newEmbedded() (*miniredis.Miniredis, *redis.Client) {
	server := miniredis.NewMiniRedis()
	return server, newClient(&redis.Options{
		Addr:   "embedded",
		Dialer: func(context.Context, string, string) (net.Conn, error) { return server.Dial() },
	}, embeddedTimeout)
}

func (s *embeddedStore) write(ctx context.Context, batch []item) (written int, err error) {
	if since := time.Since(s.passed); since >= passEvery {
		s.passed = s.passed.Add(since)
		s.server.FastForward(since)
	}
	for i := range batch {
		if !batch[i].reveal.IsZero() {
			if err := s.reveal(ctx, batch[i].reveal); err != nil {
				return written, err
			}
		}
		if !batch[i].isEvent() {
			continue
		}
		if err := s.add(ctx, &batch[i].event); err != nil {
			return written, err
		}
		written++
	}
	for _, id := range s.ledger.overdue() {
		s.server.Del(streamKey(id))
		s.unread.release(id)
	}
	if s.seen >= rotateAfter {
		s.seen = 0
		return written, s.rotate()
	}
	return written, nil
}

// add appends an event to its stream.
func (s *embeddedStore) add(ctx context.Context, e *Event) error {
	key := streamKey(e.ExecutionID)
	if _, err := s.server.XAdd(key, "*", e.appendFields(make([]string, 0, 20))); err != nil {
		return err
	}
	entries := s.ledger.add(e.ExecutionID, e.size())
	if entries == 1 {
		s.server.SetTTL(key, s.keepFor)
		s.seen++
	}
	if entries%trimEvery == 0 && entries > MaxEntries {
		return s.client.XTrimMaxLen(ctx, key, MaxEntries).Err()
	}
	return nil
}

// reveal also notes logs that are still empty: what comes of them goes to
// their streams, since a viewer waits for it.
func (s *embeddedStore) reveal(ctx context.Context, id model.ID) error {
	events := s.unread.take(id)
	s.ledger.open(id)
	for i := range events {
		if err := s.add(ctx, &events[i]); err != nil {
			return err
		}
	}
	return nil
}

// trimEvery is how far a stream may grow past MaxEntries, as a Redis's own
// streams do when they are trimmed in whole nodes.
const trimEvery = 100

// rotate moves every stream to a new instance. Readers wait for the switch
// alone: only the writer, which calls this, changes anything.
func (s *embeddedStore) rotate() error {
	server, client := newEmbedded()
	for _, key := range s.server.Keys() {
		entries, err := s.server.Stream(key)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if _, err := server.XAdd(key, entry.ID, entry.Values); err != nil {
				return err
			}
		}
		server.SetTTL(key, s.server.TTL(key))
	}
	s.mu.Lock()
	oldServer, oldClient := s.server, s.client
	s.server, s.client = server, client
	s.mu.Unlock()
	err := oldClient.Close()
	oldServer.Close()
	return err
}

// use keeps the rotation, and so the writer, waiting until f is done: an f
// that follows a stream must return every now and then.
func (s *embeddedStore) use(f func(*redis.Client) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return f(s.client)
}

// held returns the bytes that the unread logs and the streams take.
func (s *embeddedStore) held() int64 {
	return s.unread.held() + s.ledger.total.Load()
}

func (s *embeddedStore) check(ctx context.Context) error {
	return s.use(func(c *redis.Client) error { return c.Ping(ctx).Err() })
}

func (s *embeddedStore) close() error {
	err := s.client.Close()
	s.server.Close()
	return err
}
