package events

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"maestro/internal/backoff"
	"maestro/internal/model"
)

const (
	// fanoutBlock bounds one wait for news, and so how long a log that has just
	// been joined waits to be listened to, and how long an embedded Redis that
	// wants to rotate waits for us.
	fanoutBlock = 100 * time.Millisecond
	// fanoutCount is how many entries of one log are taken at once.
	fanoutCount = 64
	// feedLength is how many such portions wait for a viewer before it drops out.
	feedLength = 4
	// fanoutPatience is what Redis gets beyond fanoutBlock.
	fanoutPatience = 2 * time.Second
	// fanoutPause follows a failure.
	fanoutPause = time.Second
)

// fanout is the one reader of a server that waits for news: a single XREAD
// over all logs that are followed here, whose answers go to each viewer. It runs
// while there are viewers that have caught up.
type fanout struct {
	store     store
	all, each int // how many viewers there may be, and of one subtenant

	mu      sync.Mutex // guards the rest
	viewers map[string]int
	count   int                 // of viewers in all
	logs    map[string]followed // by key
	running bool
	closed  bool
	cancel  context.CancelFunc // of the goroutine
	done    chan struct{}      // closed when the goroutine is gone
}

// followed are the viewers of a log.
type followed map[*Viewer]*feed

// feed is what one viewer of a log gets.
type feed struct {
	entries chan []Entry
	at      string // everything up to this entry was put into it, or was known before
}

// position is where the log is read from: where the last of its viewers is.
// The others pass over the entries that they have.
func (f followed) position() string {
	var last string
	for _, feed := range f {
		if last == "" || comesBefore(feed.at, last) {
			last = feed.at
		}
	}
	return last
}

func newFanout(store store, all, each int) *fanout {
	return &fanout{store: store, all: all, each: each, viewers: map[string]int{}, logs: map[string]followed{}}
}

// admit counts a new viewer.
func (f *fanout) admit(tenant string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return model.NewError(model.CodeUnavailable, "The server is stopping.")
	case f.count >= f.all:
		return model.NewError(model.CodeTooManyRequests, "%d logs are being followed on this server, which is the most; try again later.", f.all)
	case f.viewers[tenant] >= f.each:
		return model.NewError(model.CodeTooManyRequests, "The subtenant follows %d logs on this server, which is the most; close one.", f.each)
	}
	f.count++
	f.viewers[tenant]++
	return nil
}

// join adds a viewer that has caught up. What came since is not lost: the log
// is read again from where the viewer is.
func (f *fanout) join(v *Viewer) (chan []Entry, error) {
	key := streamKey(v.id)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, model.NewError(model.CodeUnavailable, "The server is stopping.")
	}
	if f.logs[key] == nil {
		f.logs[key] = followed{}
	}
	entries := make(chan []Entry, feedLength)
	f.logs[key][v] = &feed{entries: entries, at: cmp.Or(v.last, "0-0")}
	if !f.running {
		f.running = true
		ctx, cancel := context.WithCancel(context.Background())
		f.cancel, f.done = cancel, make(chan struct{})
		go f.run(ctx, f.done)
	}
	return entries, nil
}

// leave takes a viewer out and gives its place free.
func (f *fanout) leave(v *Viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(streamKey(v.id), v)
	f.count--
	if f.viewers[v.tenant]--; f.viewers[v.tenant] == 0 {
		delete(f.viewers, v.tenant)
	}
}

// drop takes a viewer out; mu is held.
func (f *fanout) drop(key string, v *Viewer) {
	log := f.logs[key]
	if log[v] == nil {
		return
	}
	close(log[v].entries)
	delete(log, v)
	if len(log) == 0 {
		delete(f.logs, key)
	}
}

// close ends the goroutine and lets every viewer notice.
func (f *fanout) close() {
	f.mu.Lock()
	f.closed = true
	for key, log := range f.logs {
		for v := range log {
			f.drop(key, v)
		}
	}
	running, cancel, done := f.running, f.cancel, f.done
	f.mu.Unlock()
	if running {
		cancel()
		<-done
	}
}

func (f *fanout) run(ctx context.Context, done chan struct{}) {
	defer close(done)
	for {
		asked := f.positions()
		if asked == nil {
			return
		}
		if err := f.listen(ctx, asked); err != nil {
			backoff.Sleep(ctx, fanoutPause)
		}
	}
}

// positions are the logs to listen to, as XREAD takes them: keys, then ids.
// Without any the goroutine's time is over, and nil is returned.
func (f *fanout) positions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.logs) == 0 {
		f.running = false
		f.cancel()
		return nil
	}
	asked := make([]string, 0, 2*len(f.logs))
	for key := range f.logs {
		asked = append(asked, key)
	}
	for i := range len(f.logs) {
		asked = append(asked, f.logs[asked[i]].position())
	}
	return asked
}

// listen waits for news once and hands them out.
func (f *fanout) listen(ctx context.Context, asked []string) error {
	ctx, cancel := context.WithTimeout(ctx, fanoutBlock+fanoutPatience)
	defer cancel()
	var news []redis.XStream
	err := f.store.use(func(c *redis.Client) (err error) {
		news, err = c.XRead(ctx, &redis.XReadArgs{Streams: asked, Count: fanoutCount, Block: fanoutBlock}).Result()
		return err
	})
	if err != nil {
		if errors.Is(err, redis.Nil) { // nothing new in that time
			return nil
		}
		return err
	}
	from := make(map[string]string, len(asked)/2)
	for i, key := range asked[:len(asked)/2] {
		from[key] = asked[len(asked)/2+i]
	}
	for _, stream := range news {
		entries := make([]Entry, 0, len(stream.Messages))
		for _, m := range stream.Messages {
			entries = append(entries, decodeEntry(strings.TrimPrefix(stream.Stream, keyPrefix), m.ID, m.Values))
		}
		f.handOut(stream.Stream, from[stream.Stream], entries)
	}
	return nil
}

// handOut gives entries, read from a position, to the viewers of the log that
// were there already: one that is further behind, having joined meanwhile, would
// miss the entries between. A viewer whose feed is full drops out.
func (f *fanout) handOut(key, from string, entries []Entry) {
	if len(entries) == 0 {
		return
	}
	last := entries[len(entries)-1].ID
	f.mu.Lock()
	defer f.mu.Unlock()
	for v, feed := range f.logs[key] {
		if comesBefore(feed.at, from) || !comesBefore(feed.at, last) {
			continue
		}
		select {
		case feed.entries <- entries:
			feed.at = last
		default:
			f.drop(key, v)
		}
	}
}
