package repo

import (
	"context"
	"strconv"
	"strings"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// ExecutionFilter narrows ListExecutions; zero values narrow nothing.
type ExecutionFilter struct {
	FunctionName string
	Statuses     []model.Status
	Trigger      model.Trigger
	TriggerID    model.ID
	ParentID     model.ID
	ErrorType    string
	MinDuration  time.Duration // to the microsecond
	Since, Until time.Time     // of creation, both included
	Page
}

// ListExecutions returns executions, newest first, and the cursor of the next
// page. A page may be short, or empty, and have a cursor all the same: one page
// looks at no more than mostDays days, and stops early when these take long.
func (d *DB) ListExecutions(ctx context.Context, tenant string, filter ExecutionFilter) ([]model.Execution, string, error) {
	place, err := filter.place()
	if err != nil {
		return nil, "", err
	}
	oldest, err := d.oldestDay(ctx)
	if err != nil {
		return nil, "", d.fail(err, "list executions of %s", tenant)
	}
	query, read := commonQuery(d.lists, filter.Brief), execution
	if filter.Brief {
		read = briefExecution
	}
	if filter.MinDuration >= indexedDuration {
		rows, err := d.listNewest(ctx, tenant, filter, place)
		if err != nil {
			return nil, "", d.fail(err, "list executions of %s", tenant)
		}
		if len(rows) > filter.size() {
			rows, next := cut(filter.Page, rows, executionKey)
			return each(rows, read), next, nil
		}
		query = rareQuery(d.lists, filter.Brief)
	}
	var rows []dbsqlc.Execution
	w := newestWindow(place.from, place.before, oldest, time.Now())
	for begun := time.Now(); ; {
		step := time.Now()
		found, skipped, err := d.listWindow(ctx, query, filter.params(tenant, w.from, w.before, place.offset, filter.size()+1-len(rows)))
		if err != nil {
			return nil, "", d.fail(err, "list executions of %s", tenant)
		}
		rows = append(rows, found...)
		place.offset -= skipped
		if len(rows) > filter.size() || w.last {
			break
		}
		if w.days >= mostDays || time.Since(begun) > listPatience {
			return each(rows, read), cursorOf(w.from.String(), strconv.Itoa(place.offset)), nil
		}
		w = w.older(time.Since(step) < quickWindow)
	}
	rows, next := cut(filter.Page, rows, executionKey)
	return each(rows, read), next, nil
}

func executionKey(r dbsqlc.Execution) []string { return []string{model.ID(r.ID.Bytes).String(), "0"} }

const (
	// indexedDuration is what the index by duration begins with.
	indexedDuration = 10 * time.Millisecond
	// newestRows are looked through before runs of some duration count as rare:
	// how many there are of them the planner guesses badly, and there are two ways
	// to find them, of which one is right for few and one for many.
	newestRows = 2000
)

// executionQuery is one of the queries by which a window is listed.
type executionQuery func(context.Context, dbsqlc.ListExecutionsParams) ([]dbsqlc.Execution, error)

func commonQuery(q *dbsqlc.Queries, brief bool) executionQuery {
	if !brief {
		return q.ListExecutions
	}
	return func(ctx context.Context, params dbsqlc.ListExecutionsParams) ([]dbsqlc.Execution, error) {
		rows, err := q.ListBriefExecutions(ctx, dbsqlc.ListBriefExecutionsParams(params))
		return each(rows, briefRow), err
	}
}

func rareQuery(q *dbsqlc.Queries, brief bool) executionQuery {
	return func(ctx context.Context, params dbsqlc.ListExecutionsParams) ([]dbsqlc.Execution, error) {
		if !brief {
			return q.ListRareExecutions(ctx, dbsqlc.ListRareExecutionsParams(params))
		}
		rows, err := q.ListRareBriefExecutions(ctx, dbsqlc.ListRareBriefExecutionsParams(params))
		return each(rows, func(r dbsqlc.ListRareBriefExecutionsRow) dbsqlc.Execution {
			return briefRow(dbsqlc.ListBriefExecutionsRow(r))
		}), err
	}
}

// briefRow is a row that was read without its values: it has the starts of input and error
// in their places.
func briefRow(r dbsqlc.ListBriefExecutionsRow) dbsqlc.Execution {
	return dbsqlc.Execution{
		ID: r.ID, Tenant: r.Tenant, FunctionName: r.FunctionName, FunctionVersion: r.FunctionVersion, TriggerType: r.TriggerType, TriggerID: r.TriggerID,
		Status: r.Status, InputData: []byte(r.InputHead), Error: &r.ErrorHead, ErrorType: r.ErrorType, CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, CompletedAt: r.CompletedAt,
		DurationUs: r.DurationUs, Attempt: r.Attempt, ParentID: r.ParentID, RecordComplete: r.RecordComplete, Lane: r.Lane,
	}
}

// briefExecution is the execution of a briefRow.
func briefExecution(r dbsqlc.Execution) model.Execution {
	e := execution(r)
	e.InputHead, e.ErrorHead = string(e.Input), wordOf(e.Error)
	e.Input, e.Error = nil, nil
	return e
}

// listNewest lists what the newest executions have of a page.
func (d *DB) listNewest(ctx context.Context, tenant string, filter ExecutionFilter, place executionPlace) ([]dbsqlc.Execution, error) {
	w := newestWindow(place.from, place.before, time.Time{}, time.Now())
	p := filter.params(tenant, w.from, w.before, place.offset, filter.size()+1)
	newest := dbsqlc.ListNewestExecutionsParams{
		Tenant: p.Tenant, FromID: p.FromID, BeforeID: p.BeforeID, Newest: newestRows, FunctionName: p.FunctionName, Statuses: p.Statuses,
		TriggerType: p.TriggerType, TriggerID: p.TriggerID, ParentID: p.ParentID, ErrorType: p.ErrorType,
		MinDurationUs: p.MinDurationUs, Since: p.Since, Until: p.Until, RowLimit: p.RowLimit, RowOffset: p.RowOffset,
	}
	if !filter.Brief {
		return d.lists.ListNewestExecutions(ctx, newest)
	}
	rows, err := d.lists.ListNewestBriefExecutions(ctx, dbsqlc.ListNewestBriefExecutionsParams(newest))
	return each(rows, func(r dbsqlc.ListNewestBriefExecutionsRow) dbsqlc.Execution {
		return briefRow(dbsqlc.ListBriefExecutionsRow(r))
	}), err
}

// params are those of one window.
func (f ExecutionFilter) params(tenant string, from, before model.ID, offset, limit int) dbsqlc.ListExecutionsParams {
	params := dbsqlc.ListExecutionsParams{
		Tenant: tenant, FromID: uuid(from), BeforeID: uuid(before), FunctionName: text(f.FunctionName),
		TriggerType: text(string(f.Trigger)), TriggerID: uuid(f.TriggerID), ParentID: uuid(f.ParentID),
		ErrorType: text(f.ErrorType), MinDurationUs: microseconds(f.MinDuration),
		Since: moment(f.Since), Until: moment(f.Until), RowOffset: int32(offset), RowLimit: int32(limit),
	}
	for _, status := range f.Statuses {
		params.Statuses = append(params.Statuses, string(status))
	}
	params.FromID.Valid = true // the zero UUID is a value here and not NULL
	return params
}

// listWindow returns what one query finds of a window, and how many executions
// were skipped for its offset.
func (d *DB) listWindow(ctx context.Context, query executionQuery, p dbsqlc.ListExecutionsParams) ([]dbsqlc.Execution, int, error) {
	rows, err := query(ctx, p)
	if err != nil || p.RowOffset == 0 || len(rows) > 0 {
		return rows, int(p.RowOffset), err
	}
	skipped, err := d.lists.CountExecutions(ctx, dbsqlc.CountExecutionsParams{
		Tenant: p.Tenant, FromID: p.FromID, BeforeID: p.BeforeID, FunctionName: p.FunctionName, Statuses: p.Statuses,
		TriggerType: p.TriggerType, TriggerID: p.TriggerID, ParentID: p.ParentID, ErrorType: p.ErrorType,
		MinDurationUs: p.MinDurationUs, Since: p.Since, Until: p.Until, Most: p.RowOffset,
	})
	return nil, int(skipped), err
}

// executionPlace is where a list of executions goes on: behind before, and
// behind offset more that match.
type executionPlace struct {
	from, before model.ID
	offset       int
}

// place reads the cursor.
func (f ExecutionFilter) place() (executionPlace, error) {
	from, before := f.bounds()
	p := executionPlace{from: from, before: before, offset: f.Offset}
	if f.Cursor == "" {
		return p, nil
	}
	after, err := f.after(2)
	if err != nil {
		return p, err
	}
	last, errID := model.ParseID(after[0])
	offset, errOffset := strconv.ParseInt(after[1], 10, 32)
	if errID != nil || errOffset != nil || offset < 0 {
		return p, errBadCursor()
	}
	if last.String() < p.before.String() {
		p.before = last
	}
	p.offset = int(offset)
	return p, nil
}

// clockSlack is how far an execution's id and its created_at may lie apart.
const clockSlack = time.Minute

// bounds turns times into a range of ids, so that only the partitions in
// question are read.
func (f ExecutionFilter) bounds() (from, before model.ID) {
	if f.Since.After(time.Unix(0, 0).Add(clockSlack)) { // no id is older
		from = model.FirstIDOf(f.Since.Add(-clockSlack))
	}
	before = lastID
	switch {
	case f.Until.IsZero():
	case f.Until.Before(time.Unix(0, 0)):
		before = model.ID{}
	default:
		before = model.FirstIDOf(f.Until.Add(clockSlack))
	}
	return from, before
}

var lastID = model.ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// oldestDay is the first day that has a partition; the zero time when none has.
// Older rows lie in the default partition, if anywhere.
func (d *DB) oldestDay(ctx context.Context) (time.Time, error) {
	if known := d.oldest.Load(); known != nil && time.Since(known.asked) < oldestKept {
		return known.day, nil
	}
	asked := time.Now()
	name, err := d.q.OldestPartition(ctx)
	if err != nil {
		return time.Time{}, err
	}
	day, _ := time.Parse(partitionSuffix, strings.TrimPrefix(name, "executions")) // the zero time of a name that is none of ours
	d.oldest.Store(&oldestDay{day: day, asked: asked})
	return day, nil
}

// oldestDay is an answer, and when it was given. It is good for a while: an
// earlier day is not made but by retention, which only takes days away.
type oldestDay struct {
	day   time.Time
	asked time.Time
}

// oldestKept is how long the oldest day is not asked for again.
const oldestKept = time.Minute

// microseconds gives a duration its database form; 0 is NULL.
func microseconds(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	n := d.Microseconds()
	return &n
}
