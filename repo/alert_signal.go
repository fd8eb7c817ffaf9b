package repo

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// The transaction that writes the end of an execution signals it when the end is a
// failure, so that a message about it is neither lost nor made twice. Executions that
// succeed cost nothing. Where the engine does not know that no message is wanted
// (Record.Unwatched), the database finds out.

// signalled reports whether a failure may lead to a message. The runs that messages
// start never do, or a message could lead to the next one. The caller of a synchronous
// run was told that its input is invalid: that is no failure of the function.
func signalled(e *model.Execution) bool {
	told := e.ErrorType != nil && *e.ErrorType == model.ErrorInputInvalid && (e.Trigger == model.TriggerWebhook || e.Trigger == model.TriggerManual)
	return e.Status.Failure() && e.Trigger != model.TriggerAlert && !told
}

// signalFailures signals executions whose failure this transaction writes.
func signalFailures(ctx context.Context, q *dbsqlc.Queries, ended []*model.Execution) error {
	var params dbsqlc.SignalFailuresParams
	for _, e := range ended {
		if signalled(e) {
			params.Tenants, params.Functions = append(params.Tenants, e.Tenant), append(params.Functions, e.FunctionName)
			params.Ats, params.Ids = append(params.Ats, e.CompletedAt), append(params.Ids, uuid(e.ID))
			params.Parents = append(params.Parents, uuid(e.ParentID))
		}
	}
	if len(params.Ids) == 0 {
		return nil
	}
	return q.SignalFailures(ctx, params)
}

// signalCrashes signals executions that a server that is gone has left, and that this
// transaction ends.
func signalCrashes(ctx context.Context, q *dbsqlc.Queries, crashed []pgtype.UUID) error {
	if len(crashed) == 0 {
		return nil
	}
	return q.SignalCrashes(ctx, crashed)
}

// signalText is signalFailures as a statement that follows another one in its query,
// with no further round trip; empty for none.
func signalText(ended []*model.Execution) string {
	if len(ended) == 0 {
		return ""
	}
	var tenants, functions, ats, ids, parents []string
	for _, e := range ended {
		tenants, functions = append(tenants, literal(e.Tenant)), append(functions, literal(e.FunctionName))
		ats, ids = append(ats, literal(e.CompletedAt.UTC().Format(time.RFC3339Nano))), append(ids, literal(e.ID.String()))
		parent := "NULL"
		if !e.ParentID.IsZero() {
			parent = literal(e.ParentID.String())
		}
		parents = append(parents, parent)
	}
	array := func(values []string, kind string) string {
		return "ARRAY[" + strings.Join(values, ",") + "]::" + kind + "[]"
	}
	return "; SELECT signal_failures(" + strings.Join([]string{
		array(tenants, "text"), array(functions, "text"), array(ats, "timestamptz"), array(ids, "uuid"), array(parents, "uuid"),
	}, ", ") + ")"
}

// literal quotes a text for SQL.
func literal(text string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
