package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Server is a process that serves.
type Server struct {
	ID                  model.ID
	Name                string // for people: host and process
	Beats               int64  // grows while it lives
	StartedAt, LastSeen time.Time
}

// RegisterServer enters this process, which holds the data folder of that
// name, and gives it an id. The servers that held the folder before are gone:
// their ids are returned, so that their orphaned runs can be settled at once.
func (d *DB) RegisterServer(ctx context.Context, name, folder string) (id model.ID, before []model.ID, err error) {
	id = model.NewID()
	err = d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if err := q.LockFolder(ctx, folder); err != nil {
			return err
		}
		rows, err := q.RetireFolder(ctx, folder)
		if err != nil {
			return err
		}
		before = each(rows, func(r pgtype.UUID) model.ID { return r.Bytes })
		return q.InsertServer(ctx, uuid(id), name, folder)
	})
	return id, before, d.fail(err, "register this server")
}

// Beat is a server's sign of life. It reports false when the server was
// declared gone: then it has lost its runs, must start no others, and needs a
// new id to go on.
func (d *DB) Beat(ctx context.Context, id model.ID) (alive bool, err error) {
	n, err := d.q.Beat(ctx, uuid(id))
	return n > 0, d.fail(err, "give a sign of life")
}

// Servers returns those that are not gone. One whose Beats stand still for
// longer than it may be silent, by the watcher's monotonic clock and while the
// watcher itself could read them, is to be declared gone.
func (d *DB) Servers(ctx context.Context) ([]Server, error) {
	rows, err := d.q.ListServers(ctx)
	return each(rows, func(r dbsqlc.ListServersRow) Server {
		return Server{ID: r.ID.Bytes, Name: r.Name, Beats: r.Beats, StartedAt: r.StartedAt, LastSeen: r.LastSeen}
	}), d.fail(err, "list the servers")
}

// DeclareGone takes a silent server's runs away from it, unless it has given a
// sign of life since it had that many. Of several watchers one is told true:
// it settles the orphaned runs.
func (d *DB) DeclareGone(ctx context.Context, id model.ID, beats int64) (bool, error) {
	n, err := d.q.RetireServer(ctx, uuid(id), &beats)
	return n > 0, d.fail(err, "declare server %s gone", id)
}

// LeaveServer is a server's farewell, once it has no runs any more.
func (d *DB) LeaveServer(ctx context.Context, id model.ID) error {
	_, err := d.q.RetireServer(ctx, uuid(id), nil)
	return d.fail(err, "leave the servers")
}

// ForgetServers deletes those that went a month ago.
func (d *DB) ForgetServers(ctx context.Context) error {
	_, err := d.q.ForgetServers(ctx)
	return d.fail(err, "forget servers")
}
