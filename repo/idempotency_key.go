package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// keyBatch is how many expired keys one statement deletes.
const keyBatch = 1000

// KeyClaim asks for an idempotency key on behalf of a request that is about to
// run.
type KeyClaim struct {
	Tenant      string
	Key         []byte        // a hash of the key, and of the scope in which it is one
	Fingerprint []byte        // a hash of what must be the same in a repeat
	ExecutionID model.ID      // names this claim; of no other one, ever
	Server      model.ID      // as registered: once it is gone its claims count for nothing; zero: until the lease runs out
	Lease       time.Duration // how long it holds unless renewed
	Keep        time.Duration // how long the answer is kept, from now
	Grace       time.Duration // how long a lease that ran out, of a server that is not gone, counts for all that
}

// KeyState is what became of a claim.
type KeyState struct {
	Claimed     bool       // the caller runs the request, and finishes or releases the key
	Abandoned   []model.ID // when claimed: the same request's earlier runs that were not answered, oldest first
	Fingerprint []byte     // when not: of the request that has the key
	ExecutionID model.ID   // when not: of the run that has it
	Status      int        // when not: 0 while that one runs
	Answer      []byte     // when not: as it was given to FinishKey
}

// ClaimKey gives the key to the caller, unless a request that has it is
// running or was answered. Of several at once one gets it.
func (d *DB) ClaimKey(ctx context.Context, c KeyClaim) (KeyState, error) {
	for {
		abandoned, err := d.q.ClaimKey(ctx, dbsqlc.ClaimKeyParams{
			Tenant: c.Tenant, Key: c.Key, Fingerprint: c.Fingerprint, ExecutionID: uuid(c.ExecutionID), Server: uuid(c.Server),
			Lease: interval(c.Lease), Keep: interval(c.Keep),
			Grace: interval(c.Grace),
		})
		if err == nil {
			state := KeyState{Claimed: true}
			for _, id := range abandoned {
				state.Abandoned = append(state.Abandoned, id.Bytes)
			}
			return state, nil
		}
		if !noRows(err) {
			return KeyState{}, d.fail(err, "claim an idempotency key of %s", c.Tenant)
		}
		row, err := d.q.GetKey(ctx, c.Tenant, c.Key)
		if noRows(err) {
			continue // released in between: it can be had
		}
		if err != nil {
			return KeyState{}, d.fail(err, "look up an idempotency key of %s", c.Tenant)
		}
		state := KeyState{Fingerprint: row.Fingerprint, ExecutionID: row.ExecutionID.Bytes, Answer: row.Answer}
		if row.Status != nil {
			state.Status = int(*row.Status)
		}
		return state, nil
	}
}

// RenewKeys makes claims hold for another of their leases. One that was lost
// meanwhile stays lost.
func (d *DB) RenewKeys(ctx context.Context, claims []KeyClaim) error {
	params := make([]dbsqlc.RenewKeyParams, len(claims))
	for i, c := range claims {
		params[i] = dbsqlc.RenewKeyParams{
			Lease: interval(c.Lease), Tenant: c.Tenant, Key: c.Key, ExecutionID: uuid(c.ExecutionID),
		}
	}
	var failed error
	d.q.RenewKey(ctx, params).Exec(func(_ int, err error) {
		if failed == nil {
			failed = err
		}
	})
	return d.fail(failed, "renew %d idempotency keys", len(claims))
}

// FinishKey keeps the answer for the repeats to come. It reports false when
// the claim was lost: then another server answers them.
func (d *DB) FinishKey(ctx context.Context, c KeyClaim, status int, answer []byte) (kept bool, err error) {
	n, err := d.q.FinishKey(ctx, dbsqlc.FinishKeyParams{
		Status: int32(status), Answer: answer, Tenant: c.Tenant, Key: c.Key, ExecutionID: uuid(c.ExecutionID),
	})
	return n > 0, d.fail(err, "keep the answer to an idempotency key of %s", c.Tenant)
}

// ReleaseKey gives the key back of a request whose run is of no more interest:
// the next repeat runs. If there were abandoned ones it is told of those.
func (d *DB) ReleaseKey(ctx context.Context, c KeyClaim) error {
	n, err := d.q.ReleaseKey(ctx, c.Tenant, c.Key, uuid(c.ExecutionID))
	if err == nil && n == 0 {
		err = d.q.SuspendKey(ctx, c.Tenant, c.Key, uuid(c.ExecutionID))
	}
	return d.fail(err, "release an idempotency key of %s", c.Tenant)
}

// SuspendKey gives the key back of a request of which it is not known whether
// its run is stored: for the next repeat it is an abandoned one.
func (d *DB) SuspendKey(ctx context.Context, c KeyClaim) error {
	return d.fail(d.q.SuspendKey(ctx, c.Tenant, c.Key, uuid(c.ExecutionID)), "suspend an idempotency key of %s", c.Tenant)
}

// DeleteExpiredKeys deletes the keys that are of no more use, in batches, and
// returns how many. Call it every hour; several servers may do so at once.
func (d *DB) DeleteExpiredKeys(ctx context.Context) (int64, error) {
	var all int64
	for {
		n, err := d.q.DeleteExpiredKeys(ctx, keyBatch)
		all += n
		if err != nil || n == 0 {
			return all, d.fail(err, "delete expired idempotency keys")
		}
	}
}

func interval(d time.Duration) pgtype.Interval {
	return pgtype.Interval{Microseconds: d.Microseconds(), Valid: true}
}
