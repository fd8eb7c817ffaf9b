package repo

import (
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
)

// lateAfter is how old an id may be when its execution is written for the first time. An
// ordinary run has a row after a quarter of a second: those of an outage, of a crash, and
// those whose id was taken for an idempotency key long before, are older.
const lateAfter = 5 * time.Second

// late reports whether an execution may be written after its time was added to the sums
// (run_sum.go). Its transaction notes it then, unless it writes nothing: an execution
// that has come to its end before may be in the sums.
func late(id model.ID, now time.Time) bool { return now.Sub(id.Time()) > lateAfter }

// lateText notes executions in a statement that follows another one in its query; empty
// for none.
func lateText(ids []model.ID) string {
	if len(ids) == 0 {
		return ""
	}
	values := make([]string, len(ids))
	for i, id := range ids {
		values[i] = "('" + id.String() + "')"
	}
	return "; INSERT INTO unsummed_runs (id) VALUES " + strings.Join(values, ", ") + " ON CONFLICT DO NOTHING"
}

// lateOf are those of some executions that are late.
func lateOf(executions []*model.Execution) []pgtype.UUID {
	var ids []pgtype.UUID
	now := time.Now()
	for _, e := range executions {
		if late(e.ID, now) {
			ids = append(ids, uuid(e.ID))
		}
	}
	return ids
}

// noteLateOpen notes an execution that is not over.
const noteLateOpen = "INSERT INTO unsummed_runs (id) SELECT e.id FROM executions e WHERE e.id = $1 AND e.status IN ('pending', 'running') ON CONFLICT DO NOTHING"
