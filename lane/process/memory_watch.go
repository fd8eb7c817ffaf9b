package process

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"time"
)

// watchEvery is how often the memory of the children is looked at.
const watchEvery = 100 * time.Millisecond

// watchMemory looks at the memory of the children, and at those that are idle.
func (l *Lane) watchMemory() {
	for again := time.NewTicker(watchEvery); ; {
		select {
		case <-l.closing:
			again.Stop()
			return
		case <-again.C:
		}
		if l.counts.live.Load() > 0 {
			l.look()
		}
	}
}

func (l *Lane) look() {
	var total int64
	tenants := l.each()
	for _, t := range tenants {
		total += t.look()
		if l.opt.Look != nil {
			if processes, busy := t.processes(); len(processes) > 0 {
				l.opt.Look(t.name, processes, busy)
			}
		}
	}
	l.counts.memory.Store(total)
	if l.opt.MemoryBudget > 0 && total > l.opt.MemoryBudget {
		l.relieve(tenants, total, l.opt.MemoryBudget)
	}
}

// look ends children of t that have been idle for long, and kills those that hold too
// much memory. It returns what they all hold.
func (t *tenant) look() (total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	opt := &t.lane.opt
	at := time.Now()
	for ch := range t.leaving {
		total += ch.weigh()
	}
	for i, ch := range slices.Clone(t.children) {
		total += ch.weigh()
		computes := ch.computes(at)
		if !ch.idle() {
			continue
		}
		if computes && !opt.KeepLeft {
			ch.replaceComputing()
			continue
		}
		after := opt.SpareAfter
		if len(t.children) == 1 {
			after = opt.IdleAfter
		}
		if at.Sub(ch.used) >= after && (i == 0 || len(t.children) > 1) {
			ch.retire()
			continue
		}
		if opt.MaxMemory > 0 && ch.memory.Load() > ch.base+opt.MaxMemory/2 {
			opt.Log.Info("a process of a subtenant is replaced, because its calls have left more than half of the memory in use that it may hold",
				slog.String("tenant", t.name), slog.Int64("bytes", ch.memory.Load()), slog.Int64("limit", opt.MaxMemory))
			ch.retire()
		}
	}
	if len(t.children)+len(t.leaving)+t.starting == 0 && t.nursery != nil && at.Sub(t.used) >= opt.IdleAfter {
		t.nursery.Close()
		t.nursery = nil
	}
	return total
}

// processes returns the children that have not ended, and whether they run calls.
func (t *tenant) processes() (numbers []int, busy bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ch := range t.children {
		numbers, busy = append(numbers, ch.proc.Pid()), busy || !ch.idle()
	}
	for ch := range t.leaving {
		numbers, busy = append(numbers, ch.proc.Pid()), busy || !ch.idle()
	}
	return numbers, busy
}

// ownMemory is what the runtimes of a process take beside the code's data.
const ownMemory = 48 << 20

// stallLimit is how long a child may take nothing that was sent. Its thread that reads is
// in no call, so only a stopped or hostile one comes near that.
const stallLimit = 2 * time.Second

// weigh returns the memory of ch, and kills it when that is too much, or when it has
// stalled. tenant.mu is held.
func (ch *child) weigh() int64 {
	if ch.out.Stalled() > stallLimit {
		ch.kill(killStalled)
	}
	held := memoryOf(ch.proc.Pid())
	ch.memory.Store(held)
	if most := ch.tenant.lane.opt.MaxMemory; most > 0 && held > most+ownMemory {
		ch.kill(killMemory)
	}
	return held
}

// relieve ends the children of the longest idle subtenants until the rest is within the
// budget.
func (l *Lane) relieve(tenants []*tenant, total, budget int64) {
	idle := map[*tenant]time.Time{}
	for _, t := range tenants {
		t.mu.Lock()
		if len(t.children) > 0 && !slices.ContainsFunc(t.children, func(ch *child) bool { return !ch.idle() }) {
			idle[t] = t.used
		}
		t.mu.Unlock()
	}
	slices.SortFunc(tenants, func(a, b *tenant) int { return idle[a].Compare(idle[b]) })
	for _, t := range tenants {
		if _, ok := idle[t]; !ok || total <= budget {
			continue
		}
		t.mu.Lock()
		for _, ch := range slices.Clone(t.children) {
			if ch.idle() {
				total -= ch.memory.Load()
				l.counts.relieved.Add(1)
				ch.retire()
			}
		}
		t.mu.Unlock()
	}
}

var pageSize = int64(os.Getpagesize())

// memoryOf returns the bytes of memory that a process holds and shares with no file; 0
// if that is not known.
func memoryOf(pid int) int64 {
	var room [128]byte
	file, err := os.Open(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	n, _ := file.Read(room[:])
	columns := bytes.Fields(room[:n])
	if len(columns) < 3 {
		return 0
	}
	resident, err := strconv.ParseInt(string(columns[1]), 10, 64)
	if err != nil {
		return 0
	}
	shared, err := strconv.ParseInt(string(columns[2]), 10, 64)
	if err != nil {
		return 0
	}
	return (resident - shared) * pageSize
}
