package repo

import (
	"context"
	"math"
	"strconv"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// FunctionFilter narrows ListFunctions.
type FunctionFilter struct {
	Tags       []string // functions that have all of them
	Query      string   // found in the name or the description, in any case
	ActiveOnly bool     // neither deleted nor switched off
	Page
}

// Function returns an active function with its current version, or
// CodeFunctionNotFound.
func (d *DB) Function(ctx context.Context, tenant, name string) (model.Function, error) {
	row, err := d.q.GetFunction(ctx, tenant, name)
	if noRows(err) {
		return model.Function{}, errFunctionNotFound(name)
	}
	return function(row.Function, row.FunctionVersion), d.fail(err, "load function %s", name)
}

// CheckNameFree is CodeNameTaken when there is an active function of that name.
func (d *DB) CheckNameFree(ctx context.Context, tenant, name string) error {
	taken, err := d.q.FunctionIsActive(ctx, tenant, name)
	if err == nil && taken {
		return errNameTaken(name)
	}
	return d.fail(err, "look for function %s", name)
}

// FunctionNames lists all active functions of a subtenant by name.
func (d *DB) FunctionNames(ctx context.Context, tenant string) ([]model.FunctionRef, error) {
	rows, err := d.q.ListFunctionRefs(ctx, tenant)
	return each(rows, func(r dbsqlc.ListFunctionRefsRow) model.FunctionRef {
		return model.FunctionRef{ID: r.ID.Bytes, Name: r.Name, Kind: model.FunctionKind(r.Kind), Version: int(r.Version), VersionID: r.VersionID.Bytes, UpdatedAt: r.UpdatedAt, Quarantined: r.Quarantined}
	}), d.fail(err, "list function names of %s", tenant)
}

// ListFunctions returns functions by name and the cursor of the next page.
func (d *DB) ListFunctions(ctx context.Context, tenant string, filter FunctionFilter) ([]model.Function, string, error) {
	after, err := filter.after(1)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.listFunctions(ctx, filter.Brief, dbsqlc.ListFunctionsParams{
		Tenant: tenant, After: after[0], ActiveOnly: filter.ActiveOnly, Tags: tagsOf(filter.Tags), Needle: filter.Query,
		RowOffset: int32(filter.Offset), RowLimit: filter.limit(),
	})
	if err != nil {
		return nil, "", d.fail(err, "list functions of %s", tenant)
	}
	rows, next := cut(filter.Page, rows, func(r dbsqlc.ListFunctionsRow) []string { return []string{r.Function.Name} })
	return each(rows, func(r dbsqlc.ListFunctionsRow) model.Function {
		return function(r.Function, r.FunctionVersion)
	}), next, nil
}

func (d *DB) listFunctions(ctx context.Context, brief bool, params dbsqlc.ListFunctionsParams) ([]dbsqlc.ListFunctionsRow, error) {
	if !brief {
		return d.catalog.ListFunctions(ctx, params)
	}
	rows, err := d.catalog.ListBriefFunctions(ctx, dbsqlc.ListBriefFunctionsParams(params))
	return each(rows, func(r dbsqlc.ListBriefFunctionsRow) dbsqlc.ListFunctionsRow {
		return dbsqlc.ListFunctionsRow{Function: r.Function, FunctionVersion: dbsqlc.FunctionVersion{
			InputDerived: r.InputDerived, OutputDerived: r.OutputDerived, Requirements: r.Requirements, Lock: r.Lock,
		}}
	}), err
}

// FunctionVersions returns a function's history, newest first, and the cursor
// of the next page. That of a deleted function can still be read.
func (d *DB) FunctionVersions(ctx context.Context, tenant, name string, page Page) ([]model.FunctionVersion, string, error) {
	before := math.MaxInt32
	if page.Cursor != "" {
		after, err := page.after(1)
		if err != nil {
			return nil, "", err
		}
		if before, err = strconv.Atoi(after[0]); err != nil || before > math.MaxInt32 || before < 0 {
			return nil, "", errBadCursor()
		}
	}
	rows, err := d.listVersions(ctx, page.Brief, dbsqlc.ListFunctionVersionsParams{
		Tenant: tenant, Name: name, Before: int32(before), RowOffset: int32(page.Offset), RowLimit: page.limit(),
	})
	if err != nil {
		return nil, "", d.fail(err, "list versions of function %s", name)
	}
	if len(rows) == 0 {
		if err := d.checkFunctionExists(ctx, tenant, name); err != nil {
			return nil, "", err
		}
	}
	rows, next := cut(page, rows, func(r dbsqlc.FunctionVersion) []string { return []string{strconv.Itoa(int(r.Version))} })
	return each(rows, functionVersion), next, nil
}

func (d *DB) listVersions(ctx context.Context, brief bool, params dbsqlc.ListFunctionVersionsParams) ([]dbsqlc.FunctionVersion, error) {
	if !brief {
		return d.catalog.ListFunctionVersions(ctx, params)
	}
	rows, err := d.catalog.ListBriefVersions(ctx, dbsqlc.ListBriefVersionsParams(params))
	return each(rows, func(r dbsqlc.ListBriefVersionsRow) dbsqlc.FunctionVersion {
		return dbsqlc.FunctionVersion{
			ID: r.ID, FunctionID: r.FunctionID, Version: r.Version, InputDerived: r.InputDerived, OutputDerived: r.OutputDerived,
			Requirements: r.Requirements, Lock: r.Lock, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy,
		}
	}), err
}

// FunctionVersion returns one entry of a function's history, or
// CodeFunctionNotFound, or CodeVersionNotFound.
func (d *DB) FunctionVersion(ctx context.Context, tenant, name string, version int) (model.FunctionVersion, error) {
	if version < 1 || version > math.MaxInt32 {
		return model.FunctionVersion{}, orNotFound(d.checkFunctionExists(ctx, tenant, name), errVersionNotFound(name, version))
	}
	row, err := d.q.GetFunctionVersion(ctx, tenant, name, int32(version))
	if noRows(err) {
		return model.FunctionVersion{}, orNotFound(d.checkFunctionExists(ctx, tenant, name), errVersionNotFound(name, version))
	}
	return functionVersion(row), d.fail(err, "load version %d of function %s", version, name)
}

func (d *DB) checkFunctionExists(ctx context.Context, tenant, name string) error {
	exists, err := d.q.FunctionExists(ctx, tenant, name)
	if err == nil && !exists {
		return errFunctionNotFound(name)
	}
	return d.fail(err, "look for function %s", name)
}

func errFunctionNotFound(name string) error {
	return model.NewError(model.CodeFunctionNotFound, "There is no function %q.", name)
}

func errVersionNotFound(name string, version int) error {
	return model.NewError(model.CodeVersionNotFound, "Function %q has no version %d.", name, version)
}

func function(f dbsqlc.Function, v dbsqlc.FunctionVersion) model.Function {
	return model.Function{
		ID: f.ID.Bytes, Tenant: f.Tenant, Name: f.Name, Kind: model.FunctionKind(f.Kind), Description: f.Description, Tags: f.Tags,
		Code: v.Code, InputSchema: v.InputSchema, OutputSchema: v.OutputSchema, InputDerived: v.InputDerived,
		OutputDerived: v.OutputDerived, Requirements: v.Requirements, Lock: lockOf(v.Lock), TimeoutSeconds: f.TimeoutSeconds, Retry: policyOf(f.Retry), MaxConcurrency: number(f.MaxConcurrency),
		IsActive: f.IsActive, Off: f.IsOff, Notify: f.Notify, Quarantine: quarantineOf(f), PausedAt: f.PausedAt, Version: int(f.Version), VersionID: f.VersionID.Bytes,
		CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt,
	}
}

func functionVersion(v dbsqlc.FunctionVersion) model.FunctionVersion {
	return model.FunctionVersion{
		ID: v.ID.Bytes, FunctionID: v.FunctionID.Bytes, Version: int(v.Version), Code: v.Code,
		InputSchema: v.InputSchema, OutputSchema: v.OutputSchema, InputDerived: v.InputDerived, OutputDerived: v.OutputDerived,
		CreatedAt: v.CreatedAt, CreatedBy: v.CreatedBy, Requirements: v.Requirements, Lock: lockOf(v.Lock),
	}
}

func number(n *int32) *int {
	if n == nil {
		return nil
	}
	long := int(*n)
	return &long
}

// tagsOf makes sure that no tags are an empty array, not NULL.
func tagsOf(tags []string) []string {
	if tags == nil {
		return []string{}
	}
	return tags
}
