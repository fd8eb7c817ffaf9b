package repo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"maestro/repo/dbsqlc"
)

// ErrQuiet says that no change was told of while it was waited for one.
var ErrQuiet = errors.New("no change was told of")

// closePatience bounds the farewell to a server that may not listen any more.
const closePatience = time.Second

// ChangeFeed is a connection of its own on which the database tells of
// committed changes. It is for one goroutine. After an error other than
// ErrQuiet it is of no more use and must be closed.
type ChangeFeed struct {
	conn *pgx.Conn
	q    *dbsqlc.Queries
}

// ListenForChanges opens a feed of the changes that are committed from then on.
// The caller closes it.
func (d *DB) ListenForChanges(ctx context.Context) (*ChangeFeed, error) {
	config := d.pool.Config().ConnConfig // a copy
	config.RuntimeParams["application_name"] += " listener"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, d.fail(err, "connect to listen for changes")
	}
	feed := &ChangeFeed{conn: conn, q: dbsqlc.New(conn)}
	if _, err := conn.Exec(ctx, "LISTEN maestro_changes"); err != nil {
		feed.Close()
		return nil, d.fail(err, "listen for changes")
	}
	return feed, nil
}

// Next waits for the next change, for at most patience: then it is ErrQuiet.
func (f *ChangeFeed) Next(ctx context.Context, patience time.Duration) (Change, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	told, err := f.conn.WaitForNotification(waiting)
	switch {
	case err == nil:
		var change Change
		if err := json.Unmarshal([]byte(told.Payload), &change); err != nil {
			return Change{}, fmt.Errorf("read a change that was told: %w", err)
		}
		return change, nil
	case waiting.Err() != nil && ctx.Err() == nil && !f.conn.IsClosed():
		return Change{}, ErrQuiet
	default:
		return Change{}, fmt.Errorf("wait for changes: %w", err)
	}
}

// Sum is the sum of all changes' numbers. It grows with every change.
func (f *ChangeFeed) Sum(ctx context.Context) (int64, error) {
	sum, err := f.q.SumChanges(ctx)
	if err != nil {
		return 0, fmt.Errorf("add up the changes: %w", err)
	}
	return sum, nil
}

// All returns the latest change of each kind in each subtenant.
func (f *ChangeFeed) All(ctx context.Context) ([]Change, error) {
	rows, err := f.q.ListChanges(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the changes: %w", err)
	}
	return each(rows, func(r dbsqlc.Change) Change {
		return Change{Tenant: r.Tenant, Kind: ChangeKind(r.Kind), Number: r.Number}
	}), nil
}

// Close ends the connection.
func (f *ChangeFeed) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	_ = f.conn.Close(ctx) // it is being given up either way
}
