package repo

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// The transaction that writes the end of an execution signals it when the end is a
// failure, so that a message about it is neither lost nor made twice. Executions that
// succeed cost nothing, and neither database nor server needs to know at that
// moment whether messages about the function are wanted: the signal finds out.

// signalFailures signals executions whose failure this transaction writes.
func signalFailures(ctx context.Context, q *dbsqlc.Queries, failures []model.ID) error {
	if len(failures) == 0 {
		return nil
	}
	return q.SignalFailures(ctx, each(failures, func(id model.ID) pgtype.UUID { return uuid(id) }))
}

// failuresOf are those of executions that have failed.
func failuresOf(ended []model.Execution) (failures []model.ID) {
	for i := range ended {
		if ended[i].Status.Failure() {
			failures = append(failures, ended[i].ID)
		}
	}
	return failures
}

// signalText is signalFailures as a statement that follows another one in its query,
// at no further way to the database; empty for none.
func signalText(failures []model.ID) string {
	if len(failures) == 0 {
		return ""
	}
	var sql strings.Builder
	sql.WriteString("; SELECT signal_failures('{")
	for i, id := range failures {
		if i > 0 {
			sql.WriteByte(',')
		}
		sql.WriteString(id.String())
	}
	sql.WriteString("}')")
	return sql.String()
}
