package embed

// fifo is a first-in first-out queue of pointers. The zero value is empty.
type fifo[T any] struct {
	items []*T
	head  int
}

func (f *fifo[T]) len() int { return len(f.items) - f.head }

func (f *fifo[T]) push(item *T) { f.items = append(f.items, item) }

// front returns the oldest item, or nil.
func (f *fifo[T]) front() *T {
	if f.len() == 0 {
		return nil
	}
	return f.items[f.head]
}

// pop removes and returns the oldest item, or nil. The space of removed items
// is used again once they are half of the queue.
func (f *fifo[T]) pop() *T {
	if f.len() == 0 {
		return nil
	}
	item := f.items[f.head]
	f.items[f.head] = nil
	f.head++
	if f.head == len(f.items) {
		f.items, f.head = f.items[:0], 0
	} else if f.head >= 64 && f.head*2 >= len(f.items) {
		rest := copy(f.items, f.items[f.head:])
		clear(f.items[rest:])
		f.items, f.head = f.items[:rest], 0
	}
	return item
}
