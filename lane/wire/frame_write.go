package wire

import (
	"errors"
	"io"
	"math"
	"os"
	"runtime"
	"sync"
	"time"
)

const (
	// kept bounds the memory of a frame or buffer that is used again.
	kept = 256 << 10
	// most is how many bytes wait for the other end before a sender does.
	most = 1 << 20
	// held is how many bytes Hold keeps back.
	held = 32 << 10
)

var frames = sync.Pool{New: func() any { return &Frame{bytes: make([]byte, 0, 512)} }}

// ErrClosed says that the other end is gone.
var ErrClosed = errors.New("the connection of a child is closed")

// Writer writes the frames of any number of goroutines, in the order in which they
// are sent, and all that wait in one write: the goroutine that finds none writing
// does it for the others.
type Writer struct {
	target io.Writer

	mu      sync.Mutex // guards what follows
	room    sync.Cond  // of mu: bytes were written, or there is an error
	pending []byte
	spare   []byte
	writing bool
	soon    bool      // a goroutine is about to write
	began   time.Time // when it began to write, while it does
	err     error

	slate   *halves // nil: there is none
	filling int     // the half that pending is in
	sent    uint64  // bytes that were written or are being written
}

// NewWriter writes frames to target. A write that fails is the last one.
func NewWriter(target io.Writer) *Writer {
	w := &Writer{target: target}
	w.room.L = &w.mu
	return w
}

// NewWriterOn is NewWriter for a child that has got a Slate.
func NewWriterOn(target io.Writer, slate *os.File) (*Writer, error) {
	w := NewWriter(target)
	var err error
	if w.slate, err = mapSlate(slate); err != nil {
		return nil, err
	}
	w.pending, w.spare = w.slate[0].room(), w.slate[1].room()
	return w, nil
}

// Stalled reports how long the other end has taken nothing that was written.
func (w *Writer) Stalled() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.writing {
		return 0
	}
	return time.Since(w.began)
}

// Send sends a frame, which is used up. It returns once the frame is written or
// waits behind others that another goroutine writes, at most a megabyte of them. A nil
// error does not say that the other end has read it.
func (w *Writer) Send(f *Frame) error { return w.add(f, 0) }

// Hold is Send for a frame that the other end does not wait for: it may stay here
// until the next Send or Flush.
func (w *Writer) Hold(f *Frame) error { return w.add(f, held) }

// SendSoon is Send for a frame that the other end is too busy to wait for: goroutines
// that are about to send others may do so first, and all go in one write.
func (w *Writer) SendSoon(f *Frame) error {
	w.mu.Lock()
	if w.soon || w.writing {
		w.mu.Unlock()
		return w.add(f, math.MaxInt) // by the goroutine that is there
	}
	w.soon = true
	w.mu.Unlock()
	err := w.add(f, math.MaxInt)
	runtime.Gosched()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.soon = false
	w.write(0)
	return errors.Join(err, w.err)
}

// Flush sends what Hold keeps back.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.write(0)
	return w.err
}

// Holds reports whether Hold keeps anything back.
func (w *Writer) Holds() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pending) > 0 && !w.writing
}

func (w *Writer) add(f *Frame, hold int) error {
	sealed := f.seal()
	w.mu.Lock()
	for w.err == nil && w.writing && len(w.pending) > most {
		w.room.Wait()
	}
	if w.err == nil {
		w.append(sealed)
		w.write(hold)
	}
	err := w.err
	w.mu.Unlock()
	if cap(f.bytes) <= kept {
		frames.Put(f)
	}
	return err
}

// append adds a frame to those that wait. mu is held.
func (w *Writer) append(sealed []byte) {
	w.pending = append(w.pending, sealed...)
	if w.slate != nil && w.slate[w.filling].owns(w.pending) {
		w.slate[w.filling].grow(len(w.pending))
	}
}

// write writes what waits, unless another goroutine does so, or no more than hold
// bytes wait. mu is held, and released meanwhile.
func (w *Writer) write(hold int) {
	for !w.writing && w.err == nil && len(w.pending) > hold {
		batch := w.pending
		w.pending, w.spare = w.spare[:0], nil
		w.sent += uint64(len(batch))
		if w.slate != nil {
			w.filling = 1 - w.filling
			w.pending = w.slate[w.filling].room()
			w.slate[w.filling].note(w.sent, 0)
		}
		w.writing, w.began = true, time.Now()
		w.mu.Unlock()
		_, err := w.target.Write(batch)
		w.mu.Lock()
		w.writing = false
		if cap(batch) <= kept {
			w.spare = batch
		}
		if err != nil {
			w.err = errors.Join(ErrClosed, err)
			w.pending = nil
		}
		w.room.Broadcast()
		hold = 0 // others have come meanwhile, and may not be ones to hold back
	}
}
