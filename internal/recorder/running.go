package recorder

import (
	"context"
	"sync"

	"maestro/internal/model"
	"maestro/internal/wake"
	"maestro/repo"
)

// mostRunning bounds the running rows that wait to be written.
const mostRunning = 4096

// runningMarks knows which executions have, or may soon have, a row that says
// running.
type runningMarks struct {
	mu      sync.Mutex
	marked  map[model.ID]bool  // guarded by mu; false: not written yet
	waiting []*model.Execution // guarded by mu
	wake    wake.Signal
}

func (m *runningMarks) init() {
	m.marked, m.wake = map[model.ID]bool{}, wake.New()
}

// forget drops the mark of an execution that has ended, and reports whether
// there may be a row of it. A row that was not begun will not be written.
func (m *runningMarks) forget(id model.ID) (mayHaveRow bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mayHaveRow = m.marked[id]
	delete(m.marked, id)
	return mayHaveRow
}

// Running records that a run is under way. It never waits for the database,
// and a Finish of the same id wins in either order: a row that has come to its end
// is never made running again. The recorder owns e from now on.
func (r *Recorder) Running(e *model.Execution) {
	record := model.Record{Execution: *e}
	clean(&record)
	m := &r.running
	m.mu.Lock()
	if len(m.waiting) >= mostRunning {
		m.mu.Unlock()
		r.stats.runningDropped.Add(1)
		return
	}
	m.marked[e.ID] = false
	m.waiting = append(m.waiting, &record.Execution)
	m.mu.Unlock()
	m.wake.Notify()
}

// writeRunning is the loop that writes running rows, one batch after another.
// It ends with Stop: the runs under way have a record soon.
func (r *Recorder) writeRunning() {
	pause := newPauses()
	for {
		select {
		case <-r.stopping:
			return
		case <-r.running.wake:
		}
		if batch := r.running.take(); len(batch) > 0 && !r.markRunning(batch) {
			r.running.putBack(batch)
			pause.Wait(r.abandoned)
			continue
		}
		pause.Reset()
	}
}

// markRunning writes a batch and reports whether it is done with: an error
// that is not the batch's own fault leaves it to be tried again.
func (r *Recorder) markRunning(batch []*model.Execution) bool {
	ctx, cancel := context.WithTimeout(r.link.context(), writeTimeout)
	defer cancel()
	err := r.db.MarkRunning(ctx, batch, r.opts.Server)
	if !repo.IsDataError(err) {
		return err == nil
	}
	if len(batch) == 1 {
		// The record of its end will report the fault.
		r.stats.runningDropped.Add(1)
		return true
	}
	middle := len(batch) / 2
	first, second := r.markRunning(batch[:middle]), r.markRunning(batch[middle:])
	return first && second
}

// take returns the waiting executions that have not ended meanwhile. From now on
// there may be rows of them.
func (m *runningMarks) take() []*model.Execution {
	m.mu.Lock()
	defer m.mu.Unlock()
	var batch []*model.Execution
	for _, e := range m.waiting {
		if _, alive := m.marked[e.ID]; alive {
			m.marked[e.ID] = true
			batch = append(batch, e)
		}
	}
	m.waiting = nil
	return batch
}

// putBack lets a batch be tried again.
func (m *runningMarks) putBack(batch []*model.Execution) {
	m.mu.Lock()
	m.waiting = append(batch, m.waiting...)
	m.mu.Unlock()
	m.wake.Notify()
}
