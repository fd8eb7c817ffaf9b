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
// the server is away, CodeInvalid when a value can't be stored; the rest is a
// fault of ours and only gains the words of what was tried. nil stays nil and
// a *model.Error stays what it is.
func (d *DB) fail(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf(format+": %w", append(args, err)...)
	var known *model.Error
	if errors.As(err, &known) {
		return known
	}
	if isAway(err) {
		away := model.NewError(model.CodeUnavailable, "The database can't be reached at present; please try again shortly.")
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
