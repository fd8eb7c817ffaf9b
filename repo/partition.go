package repo

import (
	"context"
	"log/slog"
	"time"
)

// partitionSpan is how much time one partition covers.
const partitionSpan = 24 * time.Hour

// partitionsAhead is how many days beyond the present one have a partition.
const partitionsAhead = 7

// partitionSuffix is the layout of a day in a partition's name.
const partitionSuffix = "_20060102"

// EnsurePartitions makes the partitions of executions and steps for the day of
// at, the one before, and a week to come. It is cheap when they are there. Call it at
// start and once a day; a day missed costs nothing but the move out of the
// default partition later.
func (d *DB) EnsurePartitions(ctx context.Context, at time.Time) error {
	today := at.UTC().Truncate(partitionSpan)
	for n := -1; n <= partitionsAhead; n++ {
		day := today.Add(time.Duration(n) * partitionSpan)
		for _, parent := range parents {
			made, err := makeDay(ctx, d.q, parent, day)
			if err != nil {
				return d.fail(err, "make the partition of %s for %s", parent, day.Format(time.DateOnly))
			}
			if made {
				d.oldest.Store(nil)
				d.log.Debug("partition made", slog.String("table", parent), slog.String("day", day.Format(time.DateOnly)))
			}
		}
	}
	return nil
}
