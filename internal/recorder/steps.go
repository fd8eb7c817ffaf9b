package recorder

import (
	"context"

	"maestro/internal/model"
)

// Steps records steps of a run that goes on: part is marked StepsOnly. It
// returns once they are committed or, while the database is away, in the spool,
// so that a run which waits for it holds no more than it has handed over. The
// recorder owns part from now on. An error says that they are not in the
// database yet, or never will be; the run goes on all the same.
func (r *Recorder) Steps(ctx context.Context, part *model.Record) error {
	clean(part)
	e := &entry{record: part, size: min(sizeOf(part), r.parts.bytes), settled: make(chan error, 1)}
	if err := r.enqueue(ctx, e); err != nil {
		return err
	}
	select {
	case err := <-e.settled:
		return err
	case <-ctx.Done():
		return errKept(ctx.Err())
	}
}
