package events

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"maestro/internal/model"
)

// DefaultCount and MaxCount bound how many entries one Read returns.
const (
	DefaultCount = 100
	MaxCount     = 1000
)

// settleWait bounds how long a Read waits for events that were published
// before it, and awayWait how long while nothing writes them: Redis is away or
// the Bus is not started. A busy machine takes longer than that for a long log.
const (
	settleWait = 5 * time.Second
	awayWait   = 250 * time.Millisecond
)

const badAfter = "after must be the id of a log entry, such as 1719405000123-0"

var streamID = regexp.MustCompile(`^[0-9]{1,19}(-[0-9]{1,19})?$`)

// Read returns up to count entries of an execution's log, oldest first, those
// after the entry with the id after ("": from the start), and how many
// the log holds in all. An execution without a log has no entries; that is no
// error.
//
// The log of a run that has just answered is complete: Read
// first lets the events that were published here before it reach Redis.
//
// Errors are *model.Error: CodeInvalid for a bad after or count,
// CodeUnavailable when Redis is away.
func (b *Bus) Read(ctx context.Context, id model.ID, after string, count int) ([]Entry, int64, error) {
	start := "-"
	if after != "" {
		if !streamID.MatchString(after) {
			return nil, 0, model.NewError(model.CodeInvalid, "%s", badAfter)
		}
		start = successor(after)
	}
	if count < 0 || count > MaxCount {
		return nil, 0, model.NewError(model.CodeInvalid, "count must be between 1 and %d", MaxCount)
	}
	if count == 0 {
		count = DefaultCount
	}
	b.awaitPublished(ctx, id)

	key := streamKey(id)
	var entries *redis.XMessageSliceCmd
	var total *redis.IntCmd
	err := b.store.use(func(c *redis.Client) error {
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			entries = p.XRangeN(ctx, key, start, "+", int64(count))
			total = p.XLen(ctx, key)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, 0, &model.Error{
			Code:   model.CodeUnavailable,
			Detail: "Redis, which holds the logs of executions, does not answer. Executions themselves go on and are recorded; try again later.",
			Cause:  err,
		}
	}
	out := make([]Entry, 0, len(entries.Val()))
	for _, m := range entries.Val() {
		out = append(out, decodeEntry(id.String(), m.ID, m.Values))
	}
	return out, total.Val(), nil
}

// awaitPublished returns when every event of the log that was published before
// the call has been written or dropped, or after settleWait or awayWait.
func (b *Bus) awaitPublished(ctx context.Context, id model.ID) {
	ctx, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	look := time.NewTicker(awayWait)
	defer look.Stop()
	reached, queue := make(chan struct{}), b.queue
	for {
		select {
		case queue <- item{reveal: id, reached: reached}:
			queue = nil
		case <-reached:
			return
		case <-look.C:
			if b.away.Load() || !b.writing.Load() {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// successor is the smallest id after this one. (XRANGE's own "(id" for that
// is not there before Redis 6.2.)
func successor(id string) string {
	ms, number, _ := strings.Cut(id, "-")
	n, _ := strconv.ParseUint(number, 10, 64) // "": the first of that millisecond
	return fmt.Sprintf("%s-%d", ms, n+1)
}
