package repo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// lockFunction loads a function, active or not, that stays as it is until the
// transaction ends. A name that was never used is pgx.ErrNoRows.
func lockFunction(ctx context.Context, q *dbsqlc.Queries, tenant, name string) (model.Function, error) {
	row, err := q.LockFunction(ctx, tenant, name)
	if err != nil {
		return model.Function{}, err
	}
	version, err := q.GetFunctionVersion(ctx, tenant, name, row.Version)
	if err != nil {
		return model.Function{}, fmt.Errorf("load version %d: %w", row.Version, err)
	}
	return function(row, version), nil
}

// insertFunction stores a function of a new name as its version 1.
func insertFunction(ctx context.Context, q *dbsqlc.Queries, tenant string, f model.Function, by *string) (model.Function, error) {
	f.ID, f.Tenant, f.Tags, f.Requirements = model.NewID(), tenant, tagsOf(f.Tags), tagsOf(f.Requirements)
	f.Version, f.VersionID, f.IsActive = 1, model.NewID(), true
	f.Kind = kindOf(f.Kind)
	f.CreatedAt = now()
	f.UpdatedAt = f.CreatedAt
	retry, err := policyJSON(f.Retry)
	if err != nil {
		return f, err
	}
	n, err := q.InsertFunction(ctx, dbsqlc.InsertFunctionParams{
		ID: uuid(f.ID), Tenant: tenant, Name: f.Name, Description: f.Description, Tags: f.Tags,
		TimeoutSeconds: f.TimeoutSeconds, Version: 1, VersionID: uuid(f.VersionID), CreatedAt: f.CreatedAt,
		Retry: retry, MaxConcurrency: wholeNumber(f.MaxConcurrency), Kind: string(f.Kind), IsOff: f.Off, Notify: f.Notify,
	})
	if err != nil || n == 0 {
		return f, orNotFound(err, errNameTaken(f.Name)) // made by another caller at the same moment
	}
	return f, insertVersion(ctx, q, f, by)
}

// storeFunction writes a function that is there already, with a next version
// when newVersion says so. f is brought up to date.
func storeFunction(ctx context.Context, q *dbsqlc.Queries, f *model.Function, newVersion bool, by *string) error {
	f.UpdatedAt = now()
	if newVersion {
		f.Version++
		f.VersionID = model.NewID()
		f.Quarantine = nil
		if err := insertVersion(ctx, q, *f, by); err != nil {
			return err
		}
	}
	retry, err := policyJSON(f.Retry)
	if err != nil {
		return err
	}
	return q.UpdateFunction(ctx, dbsqlc.UpdateFunctionParams{
		Tenant: f.Tenant, ID: uuid(f.ID), Description: f.Description, Tags: f.Tags, TimeoutSeconds: f.TimeoutSeconds,
		IsActive: f.IsActive, Version: int32(f.Version), VersionID: uuid(f.VersionID), UpdatedAt: f.UpdatedAt,
		Retry: retry, MaxConcurrency: wholeNumber(f.MaxConcurrency), Kind: string(f.Kind), IsOff: f.Off, Notify: f.Notify,
	})
}

// reviveFunction makes a deleted function that is locked the function f of its
// name, which continues its history.
func reviveFunction(ctx context.Context, q *dbsqlc.Queries, stored *model.Function, f model.Function, by *string) error {
	copyAttributes(stored, f)
	stored.IsActive, stored.Kind = true, kindOf(f.Kind)
	copyVersion(stored, f)
	return storeFunction(ctx, q, stored, true, by)
}

// copyAttributes gives f the members of from that belong to no version.
func copyAttributes(f *model.Function, from model.Function) {
	f.Description, f.Tags, f.TimeoutSeconds = from.Description, tagsOf(from.Tags), from.TimeoutSeconds
	f.Retry, f.MaxConcurrency, f.Off, f.Notify = from.Retry, from.MaxConcurrency, from.Off, from.Notify
}

// kindOf is kind, a function's when it is left out.
func kindOf(kind model.FunctionKind) model.FunctionKind {
	if kind == "" {
		return model.KindFunction
	}
	return kind
}

func insertVersion(ctx context.Context, q *dbsqlc.Queries, f model.Function, by *string) error {
	lock, err := lockJSON(f.Lock)
	if err != nil {
		return err
	}
	return q.InsertFunctionVersion(ctx, dbsqlc.InsertFunctionVersionParams{
		ID: uuid(f.VersionID), Tenant: f.Tenant, FunctionID: uuid(f.ID), Version: int32(f.Version), Code: f.Code,
		InputSchema: f.InputSchema, OutputSchema: f.OutputSchema, InputDerived: f.InputDerived, OutputDerived: f.OutputDerived,
		CreatedAt: f.UpdatedAt, CreatedBy: by, Requirements: tagsOf(f.Requirements), Lock: lock,
	})
}

// copyVersion gives f what belongs to a version of from.
func copyVersion(f *model.Function, from model.Function) {
	f.Code, f.InputSchema, f.OutputSchema = from.Code, from.InputSchema, from.OutputSchema
	f.InputDerived, f.OutputDerived = from.InputDerived, from.OutputDerived
	f.Requirements, f.Lock = tagsOf(from.Requirements), from.Lock
}

// sameVersion compares what belongs to a version and is its author's.
func sameVersion(a, b model.Function) bool {
	return a.Code == b.Code && sameJSON(a.InputSchema, b.InputSchema) && sameJSON(a.OutputSchema, b.OutputSchema) &&
		a.InputDerived == b.InputDerived && a.OutputDerived == b.OutputDerived && slices.Equal(a.Requirements, b.Requirements)
}

// sameAttributes compares what belongs to a function and not to a version.
func sameAttributes(a, b model.Function) bool {
	return equal(a.Description, b.Description) && equal(a.TimeoutSeconds, b.TimeoutSeconds) && slices.Equal(a.Tags, b.Tags) &&
		reflect.DeepEqual(a.Retry, b.Retry) && equal(a.MaxConcurrency, b.MaxConcurrency) && a.Off == b.Off && sameJSON(a.Notify, b.Notify)
}

func wholeNumber(n *int) *int32 {
	if n == nil {
		return nil
	}
	short := int32(*n)
	return &short
}

func equal[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// sameJSON reports whether two JSON texts mean the same: space and the order
// of members don't count, the spelling of numbers does.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	left, errLeft := decoded(a)
	right, errRight := decoded(b)
	return errLeft == nil && errRight == nil && reflect.DeepEqual(left, right)
}

func decoded(raw json.RawMessage) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}
