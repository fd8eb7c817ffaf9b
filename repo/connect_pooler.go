package repo

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ErrPooled is the fault of an address where a connection pooler gives each transaction
// another session. Prepared statements, settings, locks and notifications belong to a
// session: some would fail at once, others without a word.
var ErrPooled = errors.New("a connection pooler answers there whose connections share sessions: set it to session mode (pool_mode = session), or connect to PostgreSQL itself")

// CheckSessions returns ErrPooled unless each of two connections has a session of its
// own. A busy pooler may pass: it then gives the two different sessions by chance.
func CheckSessions(ctx context.Context, url string) error {
	var seen [2]map[uint32]bool
	var conns [2]*pgx.Conn
	for i := range conns {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return fmt.Errorf("connect to the database: %w", err)
		}
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		conns[i], seen[i] = conn, map[uint32]bool{}
	}
	// In turn: a pooler gives the session that the one has left to the other.
	for range 3 {
		for i, conn := range conns {
			var process uint32
			if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&process); err != nil {
				return fmt.Errorf("ask for the database's process: %w", err)
			}
			if seen[i][process] = true; seen[1-i][process] {
				return ErrPooled
			}
		}
	}
	return nil
}
