package child

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// smallPercent is how much garbage may come to a small heap, in percent of it: with Go's
	// own 100, the heap of a child would be searched every few hundred calls.
	smallPercent = 400
	// smallHeap is up to where a heap is small: garbage beyond that would count against
	// the memory of the subtenant's functions.
	smallHeap = 4 << 20
)

// tuneGarbage has garbage collected less often while the heap is small. GOGC wins over it.
func tuneGarbage() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(smallPercent)
	percent := smallPercent
	afterCollection(func() {
		if next := percentOf(liveHeap()); next != percent {
			debug.SetGCPercent(next)
			percent = next
		}
	})
}

func percentOf(live uint64) int {
	if live <= smallHeap {
		return smallPercent
	}
	return 100
}

// liveHeap is how much the last collection has found in use.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// afterCollection calls do after each collection.
func afterCollection(do func()) {
	type witness struct{ _ [32]byte } // of its own: not one of the tiny objects that share memory
	runtime.AddCleanup(new(witness), func(func()) {
		afterCollection(do)
		do()
	}, do)
}
