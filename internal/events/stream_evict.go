package events

import "container/list"

// ledger keeps account of what the streams hold, so that the embedded Redis,
// which evicts nothing by itself, stays within a bound. It forgets whole
// streams, the one begun first going first. Used by the writer alone.
type ledger struct {
	limit int64 // bytes
	total int64
	order *list.List // of *account, the oldest in front
	byKey map[string]*list.Element
}

type account struct {
	key     string
	size    int64
	entries int
}

func newLedger(limit int64) *ledger {
	return &ledger{limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

// add notes that an entry of size bytes was written to a stream and returns
// how many were. Entries that the trimming or the expiry removed stay on the
// account: the bound errs on the safe side.
func (l *ledger) add(key string, size int) (entries int) {
	at, ok := l.byKey[key]
	if !ok {
		const perStream = 1024 // the key and the stream's own structures
		at = l.order.PushBack(&account{key: key, size: perStream})
		l.byKey[key] = at
		l.total += perStream
	}
	a := at.Value.(*account)
	a.size += int64(size)
	a.entries++
	l.total += int64(size)
	return a.entries
}

// overdue takes the streams that must go from the account and returns them.
func (l *ledger) overdue() []string {
	var gone []string
	for l.total > l.limit {
		oldest := l.order.Front()
		a := l.order.Remove(oldest).(*account)
		delete(l.byKey, a.key)
		l.total -= a.size
		gone = append(gone, a.key)
	}
	return gone
}
