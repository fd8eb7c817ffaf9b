package embed

// watchHeap holds the calls that have a deadline or are being stopped, the one
// that is due first on top. A call in it knows its slot, so that taking it out
// costs what putting it in does. Guarded by Host.mu.
type watchHeap struct {
	calls []*call
	armed clock // when the timer fires; never: it does not
}

// first returns the call that is due first, or nil.
func (w *watchHeap) first() *call {
	if len(w.calls) == 0 {
		return nil
	}
	return w.calls[0]
}

// add puts c in and arms the timer if c is due before it fires.
func (w *watchHeap) add(h *Host, c *call) {
	c.watchSlot = len(w.calls)
	w.calls = append(w.calls, c)
	w.up(c.watchSlot)
	if c.due < w.armed {
		w.arm(h, c.due)
	}
}

func (w *watchHeap) arm(h *Host, at clock) {
	w.armed = at
	h.watcher.Reset(max(0, at.since(now())))
}

// remove takes c out, if it is in. The timer is left unchanged: an occasional
// unnecessary tick is cheaper than arming it for every call.
func (w *watchHeap) remove(c *call) {
	slot := c.watchSlot
	if slot < 0 {
		return
	}
	c.watchSlot = -1
	last := len(w.calls) - 1
	if slot != last {
		w.calls[slot] = w.calls[last]
		w.calls[slot].watchSlot = slot
	}
	w.calls[last] = nil
	w.calls = w.calls[:last]
	if slot != last {
		w.down(slot)
		w.up(slot)
	}
}

func (w *watchHeap) up(slot int) {
	for slot > 0 {
		parent := (slot - 1) / 2
		if w.calls[parent].due <= w.calls[slot].due {
			return
		}
		w.swap(parent, slot)
		slot = parent
	}
}

func (w *watchHeap) down(slot int) {
	for {
		child := 2*slot + 1
		if child >= len(w.calls) {
			return
		}
		if child+1 < len(w.calls) && w.calls[child+1].due < w.calls[child].due {
			child++
		}
		if w.calls[slot].due <= w.calls[child].due {
			return
		}
		w.swap(slot, child)
		slot = child
	}
}

func (w *watchHeap) swap(a, b int) {
	w.calls[a], w.calls[b] = w.calls[b], w.calls[a]
	w.calls[a].watchSlot, w.calls[b].watchSlot = a, b
}
