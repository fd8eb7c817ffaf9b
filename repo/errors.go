package repo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"maestro/internal/model"
)

// retryAfter is what a client is told while the database is away.
const retryAfter = 2 * time.Second

// fail gives a database error its place in the contract: CodeUnavailable when
// the server is unavailable, CodeInvalid when a value can't be stored; any other
// error is an internal one, wrapped with the name of the operation. nil and a
// *model.Error are returned as they are.
func (d *DB) fail(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf(format+": %w", append(args, err)...)
	var known *model.Error
	if errors.As(err, &known) {
		return known
	}
	if detail := awayDetail(err); detail != "" {
		away := model.NewError(model.CodeUnavailable, "%s", detail)
		away.RetryAfter, away.Cause = retryAfter, err
		return away
	}
	if IsDataError(err) {
		bad := model.NewError(model.CodeInvalid,
			"A value can't be stored; texts must be valid UTF-8 without NUL characters, and JSON values at most 512 levels deep.")
		bad.Cause = err
		return bad
	}
	return err
}

// awayDetail is what a caller is told of a server that is away; "" of one that
// is not.
func awayDetail(err error) string {
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == queryCanceled:
		return "The database took longer over this than the server allows; ask for less (a shorter time, more filters), or try again later."
	case errors.Is(err, context.DeadlineExceeded):
		return "The database did not answer in time; try again in a moment."
	case isAway(err):
		return "The database can't be reached at present; try again in a moment."
	default:
		return ""
	}
}

// queryCanceled is the code of a statement that ran past statement_timeout.
const queryCanceled = "57014"

// IsAway reports whether err, of any method here, says that the server can't be
// reached or can't do its work at present: the same may succeed later.
func IsAway(err error) bool {
	return err != nil && (model.CodeOf(err) == model.CodeUnavailable || awayDetail(err) != "")
}

// MayHaveHappened reports whether what failed with err, of any method here, may
// have been committed all the same: its answer was lost. A server that refused it,
// or was not reached, has done nothing.
func MayHaveHappened(err error) bool {
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case !IsAway(err) || errors.As(err, &connect) || pgconn.SafeToRetry(err):
		return false
	case errors.As(err, &pg):
		return pg.Code[:2] == "08" || pg.Code[:2] == "57"
	default:
		return true
	}
}

// isAway reports whether err says that the server can't be reached or can't
// write at present, as against one that refused what it was asked.
func isAway(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return len(pg.Code) == 5 && (awayCodes[pg.Code[:2]] || awayCodes[pg.Code])
	}
	return err != nil && !errors.Is(err, context.Canceled) && isConnectionError(err)
}

// awayCodes are the SQLSTATEs, whole or by class, of a server that is away.
var awayCodes = map[string]bool{
	"08":    true, // the connection
	"53":    true, // out of disk, memory, connections or another resource
	"57P01": true, // shut down
	"57P02": true, // crashed
	"57P03": true, // starting
	"57P05": true, // the session was idle for too long
	"58030": true, // an error of its disk
	"25006": true, // read-only: a standby, or set so
}

// IsDataError reports whether the server refused a value, so that the same row
// will be refused each time.
func IsDataError(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || len(pg.Code) != 5 {
		return false
	}
	// Data exceptions and constraints, too much of something, too deep.
	return pg.Code[:2] == "22" || pg.Code[:2] == "23" || pg.Code[:2] == "54"
}

// IsRowConflict reports whether a row was there already.
func IsRowConflict(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// IsFull reports whether the server refused a new connection because it has as
// many as it takes: the ones that there are go on.
func IsFull(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "53300"
}

// violates reports whether err is a violation of the named constraint.
func violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == constraint
}

func noRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

func isConnectionError(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		var pg *pgconn.PgError
		return !errors.As(err, &pg) // a refused password is no outage
	}
	var network net.Error
	return errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || pgconn.SafeToRetry(err)
}
