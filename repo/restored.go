package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"maestro/repo/dbsqlc"
)

// Restored counts the work that is taken from a restored database, so that the server does not
// do what the server of the backup has done, or does.
type Restored struct {
	Messages  int64 // given up
	Runs      int64 // cancelled
	Schedules int64 // switched off
}

// SettleRestored settles a database that was restored from a backup, before a server
// uses it. Messages that were made before a moment are given up: the server of the
// backup has delivered them, or has given them up itself. For a copy that is used beside
// that server, none of the messages is kept, and no run or schedule goes on.
func SettleRestored(ctx context.Context, conn *pgx.Conn, before time.Time, isCopy bool) (settled Restored, err error) {
	reason := "Not sent: the backup was restored a day after the message was made."
	if isCopy {
		before, reason = endOfTime, "Not sent: the backup was restored as a copy."
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
		q := dbsqlc.New(tx)
		if settled.Messages, err = q.GiveUpDeliveriesBefore(ctx, &reason, before); err != nil {
			return err
		}
		if err = q.DeleteSignalsBefore(ctx, before); err != nil || !isCopy {
			return err
		}
		if err = q.DeleteProblems(ctx); err != nil {
			return err
		}
		if settled.Runs, err = q.CancelWaiting(ctx); err != nil {
			return err
		}
		settled.Schedules, err = q.SwitchSchedulesOff(ctx)
		return err
	})
	return settled, err
}

// endOfTime is after all moments in a database.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
