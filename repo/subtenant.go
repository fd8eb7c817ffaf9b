package repo

import (
	"context"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// CreateSubtenant makes a subtenant. An id that is or was in use is
// CodeNameTaken.
func (d *DB) CreateSubtenant(ctx context.Context, id string, description *string) (model.Subtenant, error) {
	row, err := d.q.InsertSubtenant(ctx, id, description)
	if noRows(err) {
		return model.Subtenant{}, model.NewError(model.CodeNameTaken,
			"The subtenant id %q is in use or was once; ids are never given again, so choose another.", id)
	}
	return subtenant(row), d.fail(err, "create subtenant %s", id)
}

// EnsureSubtenant makes the subtenant when it is not there. One that was
// deleted stays so: CodeNameTaken.
func (d *DB) EnsureSubtenant(ctx context.Context, id string) (model.Subtenant, error) {
	found, err := d.Subtenant(ctx, id)
	if model.CodeOf(err) != model.CodeSubtenantNotFound {
		return found, err
	}
	made, err := d.CreateSubtenant(ctx, id, nil)
	if err == nil {
		return made, nil
	}
	if again, lookErr := d.Subtenant(ctx, id); lookErr == nil {
		return again, nil // made by someone else in between
	}
	return model.Subtenant{}, err
}

// Subtenant returns one subtenant, or CodeSubtenantNotFound.
func (d *DB) Subtenant(ctx context.Context, id string) (model.Subtenant, error) {
	row, err := d.q.GetSubtenant(ctx, id)
	if noRows(err) {
		return model.Subtenant{}, errSubtenantNotFound(id)
	}
	return subtenant(row), d.fail(err, "load subtenant %s", id)
}

// ListSubtenants returns subtenants by id and the cursor of the next page.
func (d *DB) ListSubtenants(ctx context.Context, page Page) ([]model.Subtenant, string, error) {
	after, err := page.after(1)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.q.ListSubtenants(ctx, after[0], int32(page.Offset), page.limit())
	if err != nil {
		return nil, "", d.fail(err, "list subtenants")
	}
	rows, next := cut(page, rows, func(r dbsqlc.Subtenant) []string { return []string{r.ID} })
	return each(rows, subtenant), next, nil
}

// DeleteSubtenant removes a subtenant with all it owns. Its id is never given
// again, and its public paths stay reserved like any that were let go.
func (d *DB) DeleteSubtenant(ctx context.Context, id string) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if err := q.RememberDeletedSubtenant(ctx, id); err != nil {
			return err
		}
		if n, err := q.DeleteSubtenant(ctx, id); err != nil || n == 0 {
			return orNotFound(err, errSubtenantNotFound(id))
		}
		if err := q.ReleaseAllSegments(ctx, id); err != nil {
			return err
		}
		if err := q.DeleteStepsOf(ctx, id); err != nil {
			return err
		}
		if err := q.DeleteExecutionsOf(ctx, id); err != nil {
			return err
		}
		return notify(ctx, q, id, "subtenant")
	})
	return d.fail(err, "delete subtenant %s", id)
}

func errSubtenantNotFound(id string) error {
	return model.NewError(model.CodeSubtenantNotFound, "There is no subtenant %q.", id)
}

func subtenant(row dbsqlc.Subtenant) model.Subtenant {
	return model.Subtenant{ID: row.ID, Description: row.Description, CreatedAt: row.CreatedAt}
}
