package repo

import (
	"context"
	"strconv"
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

// failures are executions of one function that have failed, and that the same execution
// has led to: one signal stands for all of them that a transaction writes.
type failures struct {
	latest *model.Execution // that has ended last
	first  time.Time        // when the first one has ended
	count  int
}

// failuresOf groups the executions whose failures may lead to messages.
func failuresOf(ended []*model.Execution) (groups []*failures) {
	type key struct {
		tenant, function string
		parent           model.ID
	}
	known := map[key]*failures{}
	for _, e := range ended {
		if !signalled(e) {
			continue
		}
		k := key{e.Tenant, e.FunctionName, e.ParentID}
		group := known[k]
		if group == nil {
			group = &failures{latest: e, first: e.CompletedAt}
			known[k] = group
			groups = append(groups, group)
		}
		group.count++
		if e.CompletedAt.Before(group.first) {
			group.first = e.CompletedAt
		}
		if !e.CompletedAt.Before(group.latest.CompletedAt) {
			group.latest = e
		}
	}
	return groups
}

// signalFailures signals executions whose failure this transaction writes.
func signalFailures(ctx context.Context, q *dbsqlc.Queries, ended []*model.Execution) error {
	var params dbsqlc.SignalFailuresParams
	for _, f := range failuresOf(ended) {
		e := f.latest
		params.Tenants, params.Functions = append(params.Tenants, e.Tenant), append(params.Functions, e.FunctionName)
		params.Firsts, params.Ats = append(params.Firsts, f.first), append(params.Ats, e.CompletedAt)
		params.Counts = append(params.Counts, int32(f.count))
		params.Ids, params.Parents = append(params.Ids, uuid(e.ID)), append(params.Parents, uuid(e.ParentID))
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
	groups := failuresOf(ended)
	if len(groups) == 0 {
		return ""
	}
	kinds := []string{"text", "text", "timestamptz", "timestamptz", "integer", "uuid", "uuid"}
	arrays := make([][]string, len(kinds))
	for _, f := range groups {
		e, parent := f.latest, ""
		if !e.ParentID.IsZero() {
			parent = e.ParentID.String()
		}
		for i, value := range []string{e.Tenant, e.FunctionName, rfc3339(f.first), rfc3339(e.CompletedAt), strconv.Itoa(f.count), e.ID.String(), parent} {
			arrays[i] = append(arrays[i], element(value))
		}
	}
	for i, kind := range kinds {
		kinds[i] = literal("{"+strings.Join(arrays[i], ",")+"}") + "::" + kind + "[]"
	}
	return "; SELECT signal_failures(" + strings.Join(kinds, ", ") + ")"
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// element quotes a value for the text of an array, which PostgreSQL reads faster than an
// ARRAY of as many literals. An empty one is NULL.
func element(value string) string {
	if value == "" {
		return "NULL"
	}
	return `"` + elementQuotes.Replace(value) + `"`
}

// literal quotes a text for SQL.
func literal(text string) string { return "E'" + literalQuotes.Replace(text) + "'" }

var (
	elementQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	literalQuotes = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
)
