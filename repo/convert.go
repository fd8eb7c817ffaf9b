package repo

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
)

// uuid gives an id its database form; the zero id is NULL.
func uuid(id model.ID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: !id.IsZero()} }

// moment gives a time its database form; the zero time is NULL.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// text gives an optional word its database form; "" is NULL.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// wordOf is the reverse of text.
func wordOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// now is the present with the precision that the database keeps, so that an
// answer on creation equals a later read.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func each[From, To any](rows []From, convert func(From) To) []To {
	all := make([]To, len(rows))
	for i, row := range rows {
		all[i] = convert(row)
	}
	return all
}

// pointers are those to the elements of a list.
func pointers[T any](list []T) []*T {
	all := make([]*T, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return all
}

// orNotFound is for a statement that touched no row.
func orNotFound(err, notFound error) error {
	if err != nil {
		return err
	}
	return notFound
}
