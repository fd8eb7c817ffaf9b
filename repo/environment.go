package repo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// ErrEnvironmentMoved says that a subtenant's packages were changed since an
// EnvironmentChange was worked out: it has to be worked out anew.
var ErrEnvironmentMoved = errors.New("the packages were changed meanwhile")

// ErrInstallOver says that the install whose change was to be committed is over
// already: its server was taken for gone.
var ErrInstallOver = errors.New("the install is over")

// RequestedPackage is a package that was asked for by itself.
type RequestedPackage struct {
	Name        string // normalised
	Requirement string // in the words of PEP 508
}

// FunctionRequirements are what a function's current version imports.
type FunctionRequirements struct {
	Function     string
	Requirements []string
}

// PackageState is all that a change of a subtenant's packages starts from, as
// it was at one moment.
type PackageState struct {
	Revision    int // counts the changes; 0: there was none yet
	Environment model.Environment
	Requested   []RequestedPackage
	Functions   []FunctionRequirements // active ones that require something
}

// EnvironmentChange is what becomes of a subtenant's packages.
type EnvironmentChange struct {
	Base      int                // the revision that it was worked out from
	Lock      model.Lock         // makes a new environment, unless it equals the current one's
	Requested []RequestedPackage // all of them from now on
	By        *string
	Install   model.ID // completed by the change; zero: it is of none
}

// PackageState reads what a change starts from.
func (d *DB) PackageState(ctx context.Context, tenant string) (PackageState, error) {
	var state PackageState
	err := pgx.BeginTxFunc(ctx, d.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		q := d.q.WithTx(tx)
		row, err := q.GetPackageState(ctx, tenant)
		switch {
		case noRows(err):
			state.Environment = model.Environment{Tenant: tenant}
		case err != nil:
			return err
		default:
			state.Revision = int(row.Revision)
			if state.Environment, err = environmentOf(tenant, row); err != nil {
				return err
			}
		}
		requested, err := q.ListRequestedPackages(ctx, tenant)
		if err != nil {
			return err
		}
		state.Requested = each(requested, func(r dbsqlc.ListRequestedPackagesRow) RequestedPackage {
			return RequestedPackage{Name: r.Name, Requirement: r.Requirement}
		})
		functions, err := q.ListRequirements(ctx, tenant)
		state.Functions = each(functions, func(r dbsqlc.ListRequirementsRow) FunctionRequirements {
			return FunctionRequirements{Function: r.Name, Requirements: r.Requirements}
		})
		return err
	})
	return state, d.fail(err, "read the packages of %s", tenant)
}

// Environment returns a subtenant's current environment, whose Number is 0 when
// it has none, with the setting of its lane.
func (d *DB) Environment(ctx context.Context, tenant string) (model.Environment, error) {
	row, err := d.q.GetPackageState(ctx, tenant)
	if noRows(err) {
		return model.Environment{Tenant: tenant}, nil
	}
	if err != nil {
		return model.Environment{}, d.fail(err, "read the environment of %s", tenant)
	}
	env, err := environmentOf(tenant, row)
	return env, d.fail(err, "read the environment of %s", tenant)
}

func environmentOf(tenant string, row dbsqlc.GetPackageStateRow) (model.Environment, error) {
	env := model.Environment{
		Tenant: tenant, Number: int(row.Environment), CreatedBy: row.CreatedBy, CreatedAt: timeOf(row.CreatedAt), LaneSetting: model.LaneName(row.Lane), Paused: row.Paused, Notified: row.Notified,
	}
	if row.Environment == 0 {
		return env, nil
	}
	if err := json.Unmarshal(row.Lock, &env.Lock); err != nil {
		return env, fmt.Errorf("decode the lock of environment %d: %w", row.Environment, err)
	}
	return env, nil
}

// ApplyEnvironment commits a change, or answers with ErrEnvironmentMoved or
// ErrInstallOver, and returns the environment that is current then.
func (d *DB) ApplyEnvironment(ctx context.Context, tenant string, change EnvironmentChange) (env model.Environment, err error) {
	err = d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if err := applyChange(ctx, q, tenant, &change); err != nil {
			return err
		}
		row, err := q.GetPackageState(ctx, tenant)
		if err == nil {
			env, err = environmentOf(tenant, row)
		}
		return err
	})
	if violates(err, "package_states_tenant_fkey") {
		err = errSubtenantNotFound(tenant)
	}
	if err != nil {
		return model.Environment{}, d.fail(err, "change the packages of %s", tenant)
	}
	return env, nil
}

// applyChange is a part of its caller's transaction; nil changes nothing.
func applyChange(ctx context.Context, q *dbsqlc.Queries, tenant string, change *EnvironmentChange) error {
	if change == nil {
		return nil
	}
	if err := q.BeginPackageState(ctx, tenant); err != nil {
		return err
	}
	state, err := q.LockPackageState(ctx, tenant)
	if err != nil {
		return err
	}
	if int(state.Revision) != change.Base {
		return ErrEnvironmentMoved
	}
	number := state.Environment
	same, err := sameLock(ctx, q, tenant, number, change.Lock)
	if err != nil {
		return err
	}
	if !same {
		lock, err := json.Marshal(change.Lock)
		if err != nil {
			return fmt.Errorf("encode a lock: %w", err)
		}
		if change.Lock == nil {
			lock = []byte("[]")
		}
		number++
		if err := q.InsertEnvironment(ctx, dbsqlc.InsertEnvironmentParams{Tenant: tenant, Number: number, Lock: lock, CreatedBy: change.By}); err != nil {
			return err
		}
	}
	if err := q.SetPackageState(ctx, tenant, number); err != nil {
		return err
	}
	if err := storePackages(ctx, q, tenant, change); err != nil {
		return err
	}
	if !change.Install.IsZero() {
		if n, err := q.CompleteInstall(ctx, tenant, uuid(change.Install)); err != nil || n == 0 {
			return orNotFound(err, ErrInstallOver)
		}
	}
	return note(ctx, q, tenant, PackagesChanged)
}

func sameLock(ctx context.Context, q *dbsqlc.Queries, tenant string, number int32, lock model.Lock) (bool, error) {
	if number == 0 {
		return len(lock) == 0, nil
	}
	row, err := q.GetEnvironment(ctx, tenant, number)
	if err != nil {
		return false, err
	}
	var current model.Lock
	if err := json.Unmarshal(row.Lock, &current); err != nil {
		return false, fmt.Errorf("decode the lock of environment %d: %w", number, err)
	}
	return current.Equal(lock), nil
}

// lockFor is the part of a subtenant's current lock that requirements come to.
func lockFor(ctx context.Context, q *dbsqlc.Queries, tenant string, requirements []string) (model.Lock, error) {
	row, err := q.GetPackageState(ctx, tenant)
	if noRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	env, err := environmentOf(tenant, row)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(requirements))
	for i, text := range requirements {
		names[i] = packageOfRequirement(text)
	}
	return env.Lock.Reach(names...), nil
}

// packageOfRequirement is the name in a requirement, which is stored in its one
// form: a normalised name comes first.
func packageOfRequirement(text string) string {
	end := strings.IndexFunc(text, func(c rune) bool { return c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	if end < 0 {
		return text
	}
	return text[:end]
}

// storePackages makes the list of packages what the change says.
func storePackages(ctx context.Context, q *dbsqlc.Queries, tenant string, change *EnvironmentChange) error {
	asked := make(map[string]string, len(change.Requested))
	for _, r := range change.Requested {
		asked[r.Name] = r.Requirement
	}
	rows := dbsqlc.UpsertPackagesParams{Tenant: tenant, InstalledBy: change.By, Names: []string{}}
	for _, p := range change.Lock {
		rows.Ids = append(rows.Ids, uuid(model.NewID()))
		rows.Names = append(rows.Names, p.Name)
		rows.Versions = append(rows.Versions, p.Version)
		rows.Requirements = append(rows.Requirements, asked[p.Name])
	}
	if err := q.DeletePackagesBut(ctx, tenant, rows.Names); err != nil {
		return err
	}
	return q.UpsertPackages(ctx, rows)
}

// DeleteOldEnvironments takes away locks that nothing will ask for any more.
func (d *DB) DeleteOldEnvironments(ctx context.Context) error {
	_, err := d.q.DeleteOldEnvironments(ctx)
	return d.fail(err, "delete old environments")
}

// lockJSON gives a version's lock its database form; an empty one is NULL.
func lockJSON(lock model.Lock) ([]byte, error) {
	if len(lock) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(lock)
	if err != nil {
		return nil, fmt.Errorf("encode a lock: %w", err)
	}
	return text, nil
}

// lockOf reads what lockJSON wrote.
func lockOf(text []byte) model.Lock {
	var lock model.Lock
	if len(text) == 0 || json.Unmarshal(text, &lock) != nil {
		return nil
	}
	return lock
}
