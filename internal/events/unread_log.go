package events

import (
	"sync"
	"time"

	"maestro/internal/model"
)

// unreadLogs keeps the logs that were not asked for yet, packed, in front of the
// embedded Redis. Most logs are never read, and making two entries of a stream
// took a third of the processor time of a whole webhook call; keeping them
// here takes a hundredth. The first reader of a log has it moved to its
// stream, and what follows goes there too. A log that floods costs little as well: only
// its newest MaxEntries events are kept, as its stream would.
//
// Within its bound on memory it forgets whole logs, the one begun first going
// first.
type unreadLogs struct {
	limit   int64         // bytes
	keepFor time.Duration // since a log began

	mu    sync.Mutex // guards the rest
	total int64
	logs  map[model.ID]*unreadLog
	order []*unreadLog // as they began; those that were taken stay until they come to the front
	front int          // of order
	asked map[model.ID]struct{}
}

type unreadLog struct {
	id     model.ID
	tenant string
	begun  time.Time
	full   [][]byte // partEvents events each, as Event.pack writes them, oldest first
	packed []byte   // those after them
	events int      // in packed
	size   int      // bytes of all
	taken  bool
}

// add appends an event, and drops the oldest ones that no stream would keep.
func (l *unreadLog) add(e *Event) (grown int) {
	size := l.size
	before := len(l.packed)
	l.packed = e.pack(l.packed)
	l.size += len(l.packed) - before
	l.events++
	if l.events == partEvents {
		l.full = append(l.full, l.packed)
		l.packed, l.events = make([]byte, 0, len(l.packed)), 0
	}
	if len(l.full) > MaxEntries/partEvents {
		l.size -= len(l.full[0])
		l.full[0] = nil
		l.full = l.full[1:]
	}
	return l.size - size
}

// unpack returns the events of the log: as published, except that long texts are cut.
func (l *unreadLog) unpack() []Event {
	events := make([]Event, 0, len(l.full)*partEvents+l.events)
	for _, rest := range append(l.full, l.packed) {
		for len(rest) > 0 {
			var e Event
			e, rest = unpack(rest)
			e.Tenant, e.ExecutionID = l.tenant, l.id
			events = append(events, e)
		}
	}
	return events[max(0, len(events)-MaxEntries):]
}

const (
	// perUnreadLog is what a log holds besides its events, in bytes.
	perUnreadLog = 256
	// partEvents is how many events of a log are forgotten together.
	partEvents = 1000
	// maxUnreadBytes is the size at which a log is moved to its stream: the logs that were
	// begun before it would have to go for one of long lines.
	maxUnreadBytes = 1 << 20
)

func newUnreadLogs(limit int64, keepFor time.Duration) *unreadLogs {
	return &unreadLogs{limit: limit, keepFor: keepFor, logs: map[model.ID]*unreadLog{}, asked: map[model.ID]struct{}{}}
}

// keep takes an event, unless its log has been asked for: then it must go to
// the stream. full says that the log should be moved there, as it is large.
func (u *unreadLogs) keep(e *Event) (kept, full bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, ok := u.asked[e.ExecutionID]; ok {
		return false, false
	}
	log := u.logs[e.ExecutionID]
	if log == nil {
		log = &unreadLog{id: e.ExecutionID, tenant: e.Tenant, begun: time.Now(), packed: make([]byte, 0, 160)}
		u.logs[e.ExecutionID] = log
		u.order = append(u.order, log)
		u.total += perUnreadLog
	}
	before := log.size
	u.total += int64(log.add(e))
	u.forgetOld()
	return true, log.size/maxUnreadBytes > before/maxUnreadBytes
}

// take returns the kept events of a log; from now on its events are not kept.
func (u *unreadLogs) take(id model.ID) []Event {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked[id] = struct{}{}
	log := u.logs[id]
	if log == nil {
		return nil
	}
	u.remove(log)
	return log.unpack()
}

// release is called when a stream is gone: should there be more events of its
// log, they are kept again.
func (u *unreadLogs) release(id model.ID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.asked, id)
}

// held returns the bytes that the logs take.
func (u *unreadLogs) held() int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.total
}

func (u *unreadLogs) remove(log *unreadLog) {
	log.taken = true
	delete(u.logs, log.id)
	u.total -= perUnreadLog + int64(log.size)
}

func (u *unreadLogs) forgetOld() {
	for u.front < len(u.order) {
		log := u.order[u.front]
		if !log.taken {
			if u.total <= u.limit && time.Since(log.begun) < u.keepFor {
				break
			}
			u.remove(log)
		}
		u.order[u.front] = nil
		u.front++
	}
	if u.front > len(u.order)/2 && u.front > 1024 {
		u.order = append([]*unreadLog(nil), u.order[u.front:]...)
		u.front = 0
	}
}
