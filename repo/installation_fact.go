package repo

import (
	"context"
)

// FactOnce stores a fact about this installation unless it has one under that
// key, and returns the one that holds: the first writer's, for every server.
func (d *DB) FactOnce(ctx context.Context, key, value string) (string, error) {
	kept, err := d.q.SetMetaOnce(ctx, key, value)
	return kept, d.fail(err, "store the fact %s", key)
}
