package repo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// table describes how rows of one table are written. Its columns stand here once:
// the statements are built from them at start-up, and the fields of a COPY and the
// arguments of a statement are made from them in the same order, so that the two
// can't differ. A test compares them with the database. Rows are read through
// sqlc's queries.
type table[Row any] struct {
	name    string
	key     string // the columns of the primary key
	open    string // the condition on a row that a record may still change
	columns []column[Row]
}

// column is one column of a table.
type column[Row any] struct {
	name     string
	kind     string // its type in PostgreSQL
	changes  change
	kept     string // what an existing row that changes takes instead of the new value; "": nothing
	put      func(*copyBuffer, *Row)
	argument func(*Row) any
}

// columnOf describes a column by its type and by where its value is in a row.
func columnOf[Row, Value any](name string, k kind[Value], changes change, value func(*Row) Value) column[Row] {
	return column[Row]{
		name: name, kind: k.name, changes: changes,
		put:      func(b *copyBuffer, row *Row) { k.put(b, value(row)) },
		argument: func(row *Row) any { return k.argument(value(row)) },
	}
}

// keep sets what an existing row takes instead of the new value.
func (c column[Row]) keep(value string) column[Row] {
	c.kept = value
	return c
}

// change says which records change a column of a row that exists.
type change uint8

const (
	never   change = iota
	atEnd          // the record of a run's end
	atBegin        // that, and the record of its beginning
)

// without is the table for rows that have the defaults of some columns.
func (t table[Row]) without(names ...string) table[Row] {
	t.columns = slices.DeleteFunc(slices.Clone(t.columns), func(c column[Row]) bool { return slices.Contains(names, c.name) })
	return t
}

// names lists the columns.
func (t *table[Row]) names() string {
	return t.list(func(_ int, c column[Row]) string { return c.name })
}

func (t *table[Row]) list(text func(i int, c column[Row]) string) string {
	all := make([]string, len(t.columns))
	for i, c := range t.columns {
		all[i] = text(i, c)
	}
	return strings.Join(all, ", ")
}

// parameters are those of some columns within insert.
func (t *table[Row]) parameters(first int, names ...string) string {
	return strings.Join(each(names, func(name string) string {
		return fmt.Sprintf("$%d", first+slices.IndexFunc(t.columns, func(c column[Row]) bool { return c.name == name }))
	}), ", ")
}

// copy takes rows that have none yet, by COPY.
func (t *table[Row]) copy() string {
	return fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT binary)", t.name, t.names())
}

// copyRow adds a row to the data of a COPY.
func (t *table[Row]) copyRow(b *copyBuffer, row *Row) {
	b.row(uint16(len(t.columns)))
	for i := range t.columns {
		t.columns[i].put(b, row)
	}
}

// insert adds one row: arguments are its parameters, from number first on.
func (t *table[Row]) insert(first int) string {
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", t.name, t.names(),
		t.list(func(i int, _ column[Row]) string { return fmt.Sprintf("$%d", first+i) }))
}

// insertMany adds rows r that meet a condition: arrays are its parameters, from
// number first on.
func (t *table[Row]) insertMany(first int, condition string) string {
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT r.* FROM unnest(%s) AS r (%s) WHERE %s", t.name, t.names(),
		t.list(func(i int, c column[Row]) string { return fmt.Sprintf("$%d::%s[]", first+i, c.kind) }), t.names(), condition)
}

// update follows insert or insertMany: a row that exists and meets the condition
// takes the values of the columns that change then.
func (t *table[Row]) update(when change, condition string) string {
	var set []string
	for _, c := range t.columns {
		switch {
		case c.changes < when:
		case c.kept != "":
			set = append(set, c.name+" = "+c.kept)
		default:
			set = append(set, c.name+" = excluded."+c.name)
		}
	}
	return fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s WHERE %s", t.key, strings.Join(set, ", "), condition)
}

// arguments are the parameters of insert.
func (t *table[Row]) arguments(row *Row) []any {
	all := make([]any, len(t.columns))
	for i, c := range t.columns {
		all[i] = c.argument(row)
	}
	return all
}

// arrays are the parameters of insertMany.
func (t *table[Row]) arrays(rows []Row) []any {
	all := make([]any, len(t.columns))
	for i, c := range t.columns {
		all[i] = array[Row]{c, rows}
	}
	return all
}

// array is one column of rows as a parameter.
type array[Row any] struct {
	column column[Row]
	rows   []Row
}

// Dimensions is pgtype's: of no rows there is an empty array, not NULL.
func (a array[Row]) Dimensions() []pgtype.ArrayDimension {
	return []pgtype.ArrayDimension{{Length: int32(len(a.rows)), LowerBound: 1}}
}

// Index is pgtype's.
func (a array[Row]) Index(i int) any { return a.column.argument(&a.rows[i]) }

// IndexType is pgtype's. Nil has it look at each element, as it does anyway.
func (a array[Row]) IndexType() any { return nil }
