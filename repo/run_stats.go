package repo

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Span is a range of time of sums, of whole minutes or, with Hours, of whole hours.
type Span struct {
	From, To time.Time
	Hours    bool
}

func (s Span) seconds() int32 {
	if s.Hours {
		return 3600
	}
	return 60
}

// RunSum counts executions of one time, function, status and bucket. Times and
// functions are zero where sums are not by them.
type RunSum struct {
	At           time.Time
	FunctionName string
	Status       model.Status
	Bucket       int // of the durations: BucketBounds
	Runs         int64
	Duration     time.Duration // of all together
}

// BucketBounds are the least duration of a bucket, and the first beyond it.
func BucketBounds(bucket int) (least, beyond time.Duration) {
	at := func(n int) time.Duration {
		return time.Duration(math.Pow(2, float64(n)/2) * float64(time.Microsecond))
	}
	if bucket <= 0 {
		return 0, at(1)
	}
	return at(bucket), at(bucket + 1)
}

// bucketOf is the SQL function duration_bucket.
func bucketOf(d time.Duration) int {
	if us := d.Microseconds(); us > 1 {
		return int(2 * math.Log(float64(us)) / math.Ln2)
	}
	return 0
}

// mostUnsummed is how many executions that are not in the sums yet a question counts by
// itself. Where there are more, the answer ends before them.
const mostUnsummed = 20_000

// RunsByTime sums a subtenant's executions by steps of time, of all functions or, with
// a name, of one. complete is the moment up to which all that have ended are counted.
func (d *DB) RunsByTime(ctx context.Context, tenant, function string, span Span, step time.Duration) (sums []RunSum, complete time.Time, err error) {
	complete, err = d.sums(ctx, tenant, function, span, func(q *dbsqlc.Queries) error {
		rows, err := q.SumRunsByTime(ctx, dbsqlc.SumRunsByTimeParams{
			Step: int64(step / time.Second), Origin: span.From, Tenant: tenant, Seconds: span.seconds(), Since: span.From, Before: span.To, FunctionName: text(function),
		})
		for _, r := range rows {
			sums = append(sums, RunSum{At: r.At, Status: model.Status(r.Status), Bucket: int(r.Bucket), Runs: r.Runs, Duration: time.Duration(r.DurationUs) * time.Microsecond})
		}
		return err
	}, func(one RunSum) {
		one.At, one.FunctionName = one.At.Add(-one.At.Sub(span.From)%step), ""
		sums = append(sums, one)
	})
	return sums, complete, d.fail(err, "sum the executions of %s", tenant)
}

// RunsByFunction sums a subtenant's executions by function.
func (d *DB) RunsByFunction(ctx context.Context, tenant string, span Span) (sums []RunSum, marks map[string]RunMark, complete time.Time, err error) {
	marks = map[string]RunMark{}
	complete, err = d.sums(ctx, tenant, "", span, func(q *dbsqlc.Queries) error {
		rows, err := q.SumRunsByFunction(ctx, dbsqlc.SumRunsByFunctionParams{Tenant: tenant, Seconds: span.seconds(), Since: span.From, Before: span.To})
		if err != nil {
			return err
		}
		for _, r := range rows {
			sums = append(sums, RunSum{FunctionName: r.FunctionName, Status: model.Status(r.Status), Bucket: int(r.Bucket), Runs: r.Runs, Duration: time.Duration(r.DurationUs) * time.Microsecond})
		}
		kept, err := q.ListRunMarks(ctx, tenant)
		for _, m := range kept {
			marks[m.FunctionName] = RunMark{Run: m.LastRun.Bytes, RunAt: m.LastRunAt, Failure: m.LastFailure.Bytes, FailureAt: timeOf(m.LastFailureAt)}
		}
		return err
	}, func(one RunSum) {
		one.At = time.Time{}
		sums = append(sums, one)
	})
	return sums, marks, complete, d.fail(err, "sum the executions of %s", tenant)
}

// RunMark names the last execution of a function, and the last that failed; zero: there
// was none as long as sums are kept.
type RunMark struct {
	Run, Failure     model.ID
	RunAt, FailureAt time.Time
}

// sums reads sums, and the executions after those, in one snapshot.
func (d *DB) sums(ctx context.Context, tenant, function string, span Span, read func(*dbsqlc.Queries) error, add func(RunSum)) (complete time.Time, err error) {
	err = pgx.BeginTxFunc(ctx, d.directoryPool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		q := dbsqlc.New(plannedEachTime{tx})
		if complete, err = q.SummedTo(ctx); err != nil {
			return err
		}
		if err := read(q); err != nil || !complete.Before(span.To) {
			return err
		}
		from := complete
		if from.Before(span.From) {
			from = span.From
		}
		rows, err := q.ListUnsummedEnds(ctx, dbsqlc.ListUnsummedEndsParams{
			Tenant: tenant, FromID: uuid(model.FirstIDOf(from)), BeforeID: uuid(model.FirstIDOf(span.To)), FunctionName: text(function), RowLimit: mostUnsummed + 1,
		})
		if err != nil || len(rows) > mostUnsummed {
			return err
		}
		for _, r := range rows {
			took := time.Duration(r.DurationUs) * time.Microsecond
			add(RunSum{At: r.CreatedAt, FunctionName: r.FunctionName, Status: model.Status(r.Status), Bucket: bucketOf(took), Runs: 1, Duration: took})
		}
		complete = span.To
		return nil
	})
	return complete, err
}

// CallSum counts the calls of a function by one caller, of one bucket.
type CallSum struct {
	Kind         string // function, or the trigger of an execution
	Caller       string // a function's name, or the id of a webhook or schedule
	FunctionName string
	Failed       bool
	Bucket       int
	Calls        int64
	Duration     time.Duration // of all together
}

// Calls sums a subtenant's calls, all of them or, with a name, those by and of one
// function. complete is the moment up to which those of ended executions are counted.
func (d *DB) Calls(ctx context.Context, tenant, function string, span Span) (sums []CallSum, complete time.Time, err error) {
	if complete, err = d.catalog.SummedTo(ctx); err != nil {
		return nil, complete, d.fail(err, "sum the calls of %s", tenant)
	}
	rows, err := d.catalog.SumCalls(ctx, dbsqlc.SumCallsParams{Tenant: tenant, Seconds: span.seconds(), Since: span.From, Before: span.To, FunctionName: text(function)})
	for _, r := range rows {
		sums = append(sums, CallSum{r.Kind, r.Caller, r.FunctionName, r.Failed, int(r.Bucket), r.Calls, time.Duration(r.DurationUs) * time.Microsecond})
	}
	return sums, complete, d.fail(err, "sum the calls of %s", tenant)
}
