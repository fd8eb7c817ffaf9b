package repo

import (
	"context"

	"maestro/repo/dbsqlc"
)

// ChangeKind says what of a subtenant was changed.
type ChangeKind string

// The kinds of change. They are stored: a new one needs no migration, a
// renamed one does.
const (
	FunctionsChanged ChangeKind = "function"
	WebhooksChanged  ChangeKind = "webhook"
	SecretsChanged   ChangeKind = "secret"
	SchedulesChanged ChangeKind = "schedule"
	PackagesChanged  ChangeKind = "package"   // or its lane, which the packages decide too
	AccessChanged    ChangeKind = "access"    // which callers may act in it
	RunsCancelled    ChangeKind = "cancel"    // some of its runs are to stop
	SubtenantGone    ChangeKind = "subtenant" // with all it owned, for ever
)

// Change is the message of a transaction to every server, sent by its commit.
type Change struct {
	Tenant string     `json:"tenant"`
	Kind   ChangeKind `json:"kind"`
	Number int64      `json:"number"` // counts the changes of this kind in this subtenant
}

// note makes the transaction of q report its change. Call it last: transactions
// that change the same kind of a subtenant's data wait for each other from here
// until the commit.
func note(ctx context.Context, q *dbsqlc.Queries, tenant string, kind ChangeKind) error {
	return q.NoteChange(ctx, tenant, string(kind))
}

// NoteAccessChanged tells every server that users were given, or lost, access
// to a subtenant. Access itself is kept elsewhere.
func (d *DB) NoteAccessChanged(ctx context.Context, tenant string) error {
	return d.fail(note(ctx, d.q, tenant, AccessChanged), "tell of the access to %s", tenant)
}
