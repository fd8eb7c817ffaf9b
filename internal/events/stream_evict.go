package events

import (
	"container/list"
	"sync/atomic"

	"maestro/internal/model"
)

// ledger keeps account of what the streams hold, so that the embedded Redis,
// which evicts nothing by itself, stays within a bound. It forgets whole
// streams, the one begun first going first. Used by the writer alone, except total.
type ledger struct {
	limit int64 // bytes
	total atomic.Int64
	order *list.List // of *account, the oldest in front
	byID  map[model.ID]*list.Element
}

type account struct {
	id      model.ID
	size    int64
	entries int
}

func newLedger(limit int64) *ledger {
	return &ledger{limit: limit, order: list.New(), byID: map[model.ID]*list.Element{}}
}

// open notes a stream, though it may be empty yet.
func (l *ledger) open(id model.ID) *account {
	if at, ok := l.byID[id]; ok {
		return at.Value.(*account)
	}
	const perStream = 1024 // the key and the stream's own structures
	a := &account{id: id, size: perStream}
	l.byID[id] = l.order.PushBack(a)
	l.total.Add(perStream)
	return a
}

// add notes that an entry of size bytes was written to a stream and returns
// how many were. Entries that the trimming or the expiry removed stay on the
// account: the bound errs on the safe side.
func (l *ledger) add(id model.ID, size int) (entries int) {
	a := l.open(id)
	a.size += int64(size)
	a.entries++
	l.total.Add(int64(size))
	return a.entries
}

// overdue takes the streams that must go from the account and returns them.
func (l *ledger) overdue() []model.ID {
	var gone []model.ID
	for l.total.Load() > l.limit {
		oldest := l.order.Front()
		a := l.order.Remove(oldest).(*account)
		delete(l.byID, a.id)
		l.total.Add(-a.size)
		gone = append(gone, a.id)
	}
	return gone
}
