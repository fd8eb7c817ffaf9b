package events

import "container/list"

// ledger keeps account of what the streams hold, so that the embedded Redis,
// which evicts nothing by itself, stays within a bound. It forgets whole
// streams, the one begun first going first. Used by the writer alone.
type ledger struct {
	limit int64 // bytes; 0: no account is kept
	total int64
	order *list.List // of *account, the oldest in front
	byKey map[string]*list.Element
}

type account struct {
	key  string
	size int64
}

func newLedger(limit int64) *ledger {
	return &ledger{limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

// add notes that size bytes were written to a stream. Entries that MAXLEN or
// the expiry removed stay on the account: the bound errs on the safe side.
func (l *ledger) add(key string, size int) {
	if l.limit == 0 {
		return
	}
	at, ok := l.byKey[key]
	if !ok {
		const perStream = 512 // the key and the stream's own structures
		at = l.order.PushBack(&account{key: key, size: perStream})
		l.byKey[key] = at
		l.total += perStream
	}
	at.Value.(*account).size += int64(size)
	l.total += int64(size)
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
