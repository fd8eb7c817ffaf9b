package repo

import (
	"context"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// CreateInstall notes that a server is about to install something for a
// subtenant.
func (d *DB) CreateInstall(ctx context.Context, tenant, name, requirement string, server model.ID, by *string) (model.PackageInstall, error) {
	row, err := d.q.InsertInstall(ctx, dbsqlc.InsertInstallParams{
		ID: uuid(model.NewID()), Tenant: tenant, Name: name, Requirement: requirement, Server: uuid(server), CreatedAt: now(), CreatedBy: by,
	})
	if violates(err, "package_installs_tenant_fkey") {
		err = errSubtenantNotFound(tenant)
	}
	return installOf(row), d.fail(err, "note an install of %s", requirement)
}

// Install returns an install, or CodeInstallNotFound.
func (d *DB) Install(ctx context.Context, tenant string, id model.ID) (model.PackageInstall, error) {
	row, err := d.q.GetInstall(ctx, tenant, uuid(id))
	if noRows(err) {
		return model.PackageInstall{}, model.NewError(model.CodeInstallNotFound, "There is no install with that id. Installs are kept for seven days.")
	}
	return installOf(row), d.fail(err, "load install %s", id)
}

// BeginInstall says that an install's turn has come.
func (d *DB) BeginInstall(ctx context.Context, tenant string, id model.ID) error {
	return d.fail(d.q.BeginInstall(ctx, tenant, uuid(id)), "begin install %s", id)
}

// AppendInstallLog adds lines to what an install has said.
func (d *DB) AppendInstallLog(ctx context.Context, tenant string, id model.ID, lines []string) error {
	return d.fail(d.q.AppendInstallLog(ctx, lines, tenant, uuid(id)), "add to the log of install %s", id)
}

// EndInstall says how an install ended; problem is nil when it succeeded.
func (d *DB) EndInstall(ctx context.Context, tenant string, id model.ID, problem *model.Error) error {
	end := dbsqlc.EndInstallParams{Tenant: tenant, ID: uuid(id), Status: string(model.StatusCompleted)}
	if problem != nil {
		end.Status, end.Error, end.ErrorCode = string(model.StatusFailed), &problem.Detail, text(string(problem.Code))
	}
	return d.fail(d.q.EndInstall(ctx, end), "end install %s", id)
}

// FailLostInstalls ends the installs of servers that are gone, which changed
// nothing. Any server may call it at any time.
func (d *DB) FailLostInstalls(ctx context.Context) error {
	_, err := d.q.FailLostInstalls(ctx, "The server stopped before the install was complete; nothing was changed. Request it again.", string(model.CodeUnavailable))
	return d.fail(err, "end the installs of servers that are gone")
}

// DeleteOldInstalls takes away those that ended some days ago.
func (d *DB) DeleteOldInstalls(ctx context.Context) error {
	_, err := d.q.DeleteOldInstalls(ctx)
	return d.fail(err, "delete old installs")
}

func installOf(r dbsqlc.PackageInstall) model.PackageInstall {
	install := model.PackageInstall{
		ID: r.ID.Bytes, Name: r.Name, Requirement: r.Requirement, Status: model.Status(r.Status), Log: r.Log,
		CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy, CompletedAt: timeOf(r.CompletedAt),
	}
	if r.Error != nil {
		install.Problem = &model.Error{Code: model.CodeInternal, Detail: *r.Error}
		if r.ErrorCode != nil {
			install.Problem.Code = model.Code(*r.ErrorCode)
		}
	}
	return install
}
