package wire

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Slate is memory of a child that outlives it: the frames that it has not sent yet are
// in it, and the marker of a crash. So what a call has done before it ends its process is
// known, although frames wait for each other.
//
//	half      8 bytes: where in the stream of all frames it begins
//	          8 bytes: how many bytes of it are frames, in the order of the machine
//	          frames
//	half      the same; one is filled while the other is being sent
//	marker    text, written by the child's handler of faults (cpython/fault.c)
//
// The server reads it when the child's process has ended, and trusts it no more than
// frames. Its size is sealed: neither side can take memory away from the other.
type Slate struct{ file *os.File }

const (
	slateHalf   = 64 << 10
	slateMarker = 128 << 10
	slateSize   = 2*slateHalf + slateMarker
	halfHead    = 16
)

// NewSlate makes a Slate for a child.
func NewSlate() (*Slate, error) {
	fd, err := unix.MemfdCreate("maestro-slate", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("make the memory of a child: %w", err)
	}
	s := &Slate{file: os.NewFile(uintptr(fd), "slate")}
	if err := s.shape(fd); err != nil {
		s.Close()
		return nil, fmt.Errorf("make the memory of a child: %w", err)
	}
	return s, nil
}

func (s *Slate) shape(fd int) error {
	if err := unix.Ftruncate(fd, slateSize); err != nil {
		return err
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return err
	}
	_, err := unix.Seek(fd, 2*slateHalf, 0) // where the child writes its marker
	return err
}

// File is what the child gets.
func (s *Slate) File() *os.File { return s.file }

// Close releases the server's hold of it.
func (s *Slate) Close() { _ = s.file.Close() }

// Rest returns the frames that a child has not sent that has ended. received is how
// many bytes came from it.
func (s *Slate) Rest(received uint64) []byte {
	type part struct {
		begin uint64
		text  []byte
	}
	var parts []part
	for at := int64(0); at < 2*slateHalf; at += slateHalf {
		half := make([]byte, slateHalf)
		if _, err := s.file.ReadAt(half, at); err != nil {
			continue
		}
		size := min(binary.NativeEndian.Uint64(half[8:]), slateHalf-halfHead)
		parts = append(parts, part{binary.NativeEndian.Uint64(half), half[halfHead:][:size]})
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.begin, b.begin) })
	var rest []byte
	for _, p := range parts {
		if end := p.begin + uint64(len(p.text)); p.begin <= received && end > received {
			rest = append(rest, p.text[received-p.begin:]...)
			received = end
		}
	}
	return rest
}

// Marker returns the text of the marker; empty when the child has left none.
func (s *Slate) Marker() []byte {
	text := make([]byte, slateMarker)
	if _, err := s.file.ReadAt(text, 2*slateHalf); err != nil {
		return nil
	}
	if end := bytes.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	return text
}

// halves are the child's view of a Slate.
type halves [2]half

type half struct{ memory []byte }

// mapSlate maps the Slate that the child has got.
func mapSlate(file *os.File) (*halves, error) {
	memory, err := unix.Mmap(int(file.Fd()), 0, 2*slateHalf, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the memory of a child: %w", err)
	}
	return &halves{{memory[:slateHalf]}, {memory[slateHalf:]}}, nil
}

// room is where frames go.
func (h *half) room() []byte { return h.memory[halfHead:halfHead:len(h.memory)] }

// owns reports whether frames are in this half: what does not fit into it is elsewhere.
func (h *half) owns(frames []byte) bool {
	return cap(frames) > 0 && unsafe.SliceData(frames) == unsafe.SliceData(h.room()[:1])
}

// note says where in the stream the half begins, and how many bytes of it are frames.
func (h *half) note(begin uint64, size int) {
	h.number(8).Store(0)
	h.number(0).Store(begin)
	h.number(8).Store(uint64(size))
}

// grow says how many bytes of it are frames.
func (h *half) grow(size int) { h.number(8).Store(uint64(size)) }

func (h *half) number(at int) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&h.memory[at]))
}
