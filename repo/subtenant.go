package repo

import (
	"context"
	"crypto/rand"
	"strings"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// CreateSubtenant makes a subtenant; an empty id is replaced by one of the
// server's making. An id that is or was in use is CodeNameTaken.
func (d *DB) CreateSubtenant(ctx context.Context, id string, description *string) (model.Subtenant, error) {
	if id == "" {
		id = strings.ToLower(rand.Text())
	}
	var row dbsqlc.Subtenant
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		var err error
		if row, err = q.InsertSubtenant(ctx, id, description); err != nil {
			return err
		}
		deleted, err := q.SubtenantWasDeleted(ctx, id)
		if err == nil && deleted {
			err = errIDTaken(id)
		}
		return err
	})
	if noRows(err) {
		err = errIDTaken(id)
	}
	if err != nil {
		return model.Subtenant{}, d.fail(err, "create subtenant %s", id)
	}
	return subtenant(row), nil
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
		return again, nil // made by another caller in between
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

// UpdateSubtenant applies change to a subtenant and stores what came of it, or
// answers CodeSubtenantNotFound. An error of change is returned as it is.
func (d *DB) UpdateSubtenant(ctx context.Context, id string, change func(*model.Subtenant) error) (model.Subtenant, error) {
	var changed model.Subtenant
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if _, err := q.LockSubtenant(ctx, id); err != nil {
			if noRows(err) {
				err = errSubtenantNotFound(id)
			}
			return err
		}
		row, err := q.GetSubtenant(ctx, id)
		if err != nil {
			return err
		}
		wanted := subtenant(row)
		if err := change(&wanted); err != nil {
			return err
		}
		before := row
		row, err = q.UpdateSubtenant(ctx, dbsqlc.UpdateSubtenantParams{
			Description: wanted.Description, RetentionDays: wholeNumber(wanted.RetentionDays), Lane: string(wanted.Lane), Notify: wanted.Notify, ID: id,
		})
		if err != nil {
			return err
		}
		changed = subtenant(row)
		if row.Lane == before.Lane && sameJSON(row.Notify, before.Notify) {
			return nil
		}
		return note(ctx, q, id, PackagesChanged)
	})
	return changed, d.fail(err, "change subtenant %s", id)
}

// ListSubtenants returns subtenants by id and the cursor of the next page.
func (d *DB) ListSubtenants(ctx context.Context, page Page) ([]model.Subtenant, string, error) {
	after, err := page.after(1)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.catalog.ListSubtenants(ctx, after[0], int32(page.Offset), page.limit())
	if err != nil {
		return nil, "", d.fail(err, "list subtenants")
	}
	rows, next := cut(page, rows, func(r dbsqlc.Subtenant) []string { return []string{r.ID} })
	return each(rows, subtenant), next, nil
}

func errIDTaken(id string) error {
	return model.NewError(model.CodeNameTaken,
		"The subtenant id %q is in use or was once; ids are never given again, so choose another.", id)
}

func errSubtenantNotFound(id string) error {
	return model.NewError(model.CodeSubtenantNotFound, "There is no subtenant %q.", id)
}

func subtenant(row dbsqlc.Subtenant) model.Subtenant {
	return model.Subtenant{ID: row.ID, Description: row.Description, RetentionDays: number(row.RetentionDays), Lane: model.LaneName(row.Lane), PausedAt: row.PausedAt, Notify: row.Notify, CreatedAt: row.CreatedAt}
}
