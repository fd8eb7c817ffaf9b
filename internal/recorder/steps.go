package recorder

import (
	"context"

	"maestro/internal/model"
)

// Steps records steps of a run that goes on: part is marked StepsOnly. It
// returns once they are committed or, while the database is away, in the spool,
// so that a run which waits for it holds no more than it has handed over. Then the
// slice of the steps is the caller's again, unless ctx has ended. The run goes on after every answer.
func (r *Recorder) Steps(ctx context.Context, part *model.Record) model.Kept {
	return r.keep(ctx, part)
}
