package events

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"maestro/internal/model"
)

// store is where the streams are.
type store interface {
	// write appends a batch and returns how many events are in. Called by the
	// writer alone. A batch that fails half way is not tried again: its first
	// half would then be there twice.
	write(ctx context.Context, batch []item) (written int, err error)
	// reveal moves the kept events of a log to its stream, where its later
	// events go too. Called by the writer alone.
	reveal(ctx context.Context, id model.ID) error
	// use lends a client, for reading.
	use(f func(*redis.Client) error) error
	// check asks whether Redis takes writes, on a connection of its own.
	check(ctx context.Context) error
	// held returns the bytes that this process keeps for it.
	held() int64
	close() error
}

// redisStore is an external Redis, written to in one round trip a batch.
type redisStore struct {
	client  *redis.Client
	pulse   *redis.Client // for check alone: readers of logs can't make it wait
	keepFor time.Duration

	// Kept between batches to spare allocations; used by the writer alone.
	fields []string
	keys   map[string]struct{}
}

func newRedisStore(url string, keepFor time.Duration) (*redisStore, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	own := *o
	own.PoolSize = 1
	return &redisStore{client: newClient(o, redisTimeout), pulse: newClient(&own, redisTimeout), keepFor: keepFor, keys: map[string]struct{}{}}, nil
}

// redisTimeout is short: a Redis that does not answer must cost a batch of
// events and not a minute of them.
const redisTimeout = 2 * time.Second

// newClient makes a client that waits for an answer until timeout.
func newClient(o *redis.Options, timeout time.Duration) *redis.Client {
	quietOnce.Do(func() { redis.SetLogger(quiet{}) })
	o.DialTimeout = timeout / 2
	o.ReadTimeout = timeout
	o.WriteTimeout = timeout
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1 // an XADD tried twice may be there twice
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o)
}

func (s *redisStore) write(ctx context.Context, batch []item) (written int, err error) {
	pipe := s.client.Pipeline()
	clear(s.keys)
	adds := make([]*redis.StringCmd, 0, len(batch))
	for i := range batch {
		if !batch[i].isEvent() {
			continue
		}
		e := &batch[i].event
		key := streamKey(e.ExecutionID)
		s.fields = e.appendFields(s.fields[:0])
		adds = append(adds, pipe.XAdd(ctx, &redis.XAddArgs{Stream: key, MaxLen: MaxEntries, Approx: true, Values: s.fields}))
		s.keys[key] = struct{}{}
	}
	for key := range s.keys {
		pipe.Expire(ctx, key, s.keepFor)
	}
	_, err = pipe.Exec(ctx)
	for _, add := range adds {
		if add.Err() == nil {
			written++
		}
	}
	return written, err
}

func (s *redisStore) reveal(context.Context, model.ID) error { return nil }

func (s *redisStore) use(f func(*redis.Client) error) error { return f(s.client) }

// checkKey is what check writes, and how long it lasts.
const (
	checkKey = "execution:check"
	checkFor = time.Minute
)

// check writes: a Redis that is out of memory, or a replica, answers to PING.
func (s *redisStore) check(ctx context.Context) error {
	return s.pulse.Set(ctx, checkKey, 1, checkFor).Err()
}

func (s *redisStore) held() int64 { return 0 }

func (s *redisStore) close() error { return errors.Join(s.client.Close(), s.pulse.Close()) }

// The library knows one logger for the whole process and writes to stderr by
// default. We report the one thing that matters, Redis away and back, ourselves.
var quietOnce sync.Once

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
