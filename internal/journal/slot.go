package journal

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"time"
	"unsafe"

	"maestro/internal/model"
)

// Entry is the journal's description of a run.
type Entry struct {
	ExecutionID model.ID
	Tenant      string
	Function    string
	Version     int
	Trigger     model.Trigger
	TriggerID   model.ID
	ParentID    model.ID
	Created     time.Time
	Started     time.Time // of the attempt; zero: its code has not begun
	Attempt     int
	Claim       int64 // of an asynchronous run; 0: it is synchronous
	Lane        model.LaneName

	// Ticket is the lane's number of the call; 0: it had none yet. Enter ignores it.
	Ticket uint64
}

// slotSize divides the sector of a disk: after a loss of power a slot is there whole,
// or as it was before.
const slotSize = 512

// slot is the memory of one run, in the processor's byte order:
//
//	  0   8  state: 0, or the checksum of what follows the ticket, without started
//	  8   8  ticket
//	 16  16  execution
//	 32  16  trigger
//	 48  16  parent
//	 64   8  created, in nanoseconds since 1970
//	 72   8  started; 0: not yet
//	 80   8  claim
//	 88   4  version
//	 92   4  attempt
//	 96   2  length of the tenant's name
//	 98   2  length of the function's name
//	100   2  length of the kind of trigger
//	102   2  lane: its place in lanes
//	104      these three texts, and zeros up to a multiple of 8
//
// The state is written last, and cleared first: a process that dies in between leaves
// a free slot, of a run that has not begun. The checksum finds what a failing disk or
// a stray pointer has left.
type slot [slotSize]byte

const textAt = 104

func (s *slot) word(at int) *uint64 { return (*uint64)(unsafe.Pointer(&s[at])) }

func (s *slot) started() *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&s[72])) }

func (s *slot) ticket() *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&s[8])) }

// clear frees the slot. One that is free belongs to a single goroutine, and so does
// one in use, ticket and started aside: the other words need no atomic access. A process that is
// killed has written what precedes some instruction, and nothing of what follows.
func (s *slot) clear() { *s.word(0) = 0 }

// write enters a run and reports whether its texts fit.
func (s *slot) write(e *Entry) bool {
	if textAt+len(e.Tenant)+len(e.Function)+len(e.Trigger) > slotSize {
		return false
	}
	w := wordsOf(e)
	*s.word(8) = 0
	*(*words)(unsafe.Pointer(&s[16])) = w
	*s.word(72) = nanoseconds(e.Started)
	n := textAt + copy(s[textAt:], e.Tenant)
	n += copy(s[n:], e.Function)
	copy(s[n:], e.Trigger)
	*s.word(0) = checksum(&w, e)
	return true
}

// read returns the run of the slot, unless it is free or damaged.
func (s *slot) read() (e Entry, ok bool) {
	state, w := *s.word(0), *(*words)(unsafe.Pointer(&s[16]))
	w[startedAt] = 0
	tenant, function, trigger := int(w[10]&0xffff), int(w[10]>>16&0xffff), int(w[10]>>32&0xffff)
	if state == 0 || textAt+tenant+function+trigger > slotSize {
		return e, false
	}
	e = Entry{
		ExecutionID: model.ID(s[16:32]), TriggerID: model.ID(s[32:48]), ParentID: model.ID(s[48:64]),
		Created: moment(w[6]), Started: moment(s.started().Load()),
		Claim: int64(w[8]), Version: int(int32(w[9])), Attempt: int(int32(w[9] >> 32)), Ticket: s.ticket().Load(),
	}
	if lane := int(w[10] >> 48); lane < len(lanes) {
		e.Lane = lanes[lane]
	}
	text := string(s[textAt : textAt+tenant+function+trigger])
	e.Tenant, e.Function, e.Trigger = text[:tenant], text[tenant:tenant+function], model.Trigger(text[tenant+function:])
	return e, checksum(&w, &e) == state
}

// words are those of a slot from the execution up to the texts.
type words [(textAt - 16) / 8]uint64

// lanes are stored by their places: the order stays.
var lanes = [...]model.LaneName{"", model.LaneEmbedded, model.LaneProcess}

func laneNumber(lane model.LaneName) uint64 {
	switch lane {
	case model.LaneEmbedded:
		return 1
	case model.LaneProcess:
		return 2
	default:
		return 0
	}
}

const startedAt = (72 - 16) / 8 // among the words; always 0 there

// nanoseconds are those since 1970; 0 stands for the zero time.
func nanoseconds(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixNano())
}

func moment(nanoseconds uint64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(nanoseconds))
}

func wordsOf(e *Entry) words {
	half := func(id *model.ID, at int) uint64 { return binary.NativeEndian.Uint64(id[at:]) }
	return words{
		half(&e.ExecutionID, 0), half(&e.ExecutionID, 8), half(&e.TriggerID, 0), half(&e.TriggerID, 8), half(&e.ParentID, 0), half(&e.ParentID, 8),
		nanoseconds(e.Created), 0, uint64(e.Claim), uint64(uint32(e.Version)) | uint64(uint32(e.Attempt))<<32,
		uint64(len(e.Tenant)) | uint64(len(e.Function))<<16 | uint64(len(e.Trigger))<<32 | laneNumber(e.Lane)<<48,
	}
}

const prime = 0x9e3779b97f4a7c15

// checksum is that of a slot. It is never 0. It is made from the values and not from
// the memory that they were just written to: the processor would wait for that.
func checksum(w *words, e *Entry) uint64 {
	a, b := uint64(prime), uint64(slotSize)
	for i := 0; i+1 < len(w); i += 2 { // two chains, which run side by side
		a = bits.RotateLeft64(a^w[i], 29) * prime
		b = bits.RotateLeft64(b^w[i+1], 31) * prime
	}
	a = bits.RotateLeft64(a^w[len(w)-1], 29) * prime
	return (mix(a, e.Tenant) ^ bits.RotateLeft64(mix(b, e.Function), 17) ^ mix(b, string(e.Trigger))) | 1
}

// mix adds a text to a checksum.
func mix(sum uint64, text string) uint64 {
	for ; len(text) >= 8; text = text[8:] {
		sum = bits.RotateLeft64(sum^binary.NativeEndian.Uint64(unsafe.Slice(unsafe.StringData(text), 8)), 29) * prime
	}
	var rest uint64
	for i := range len(text) {
		rest = rest<<8 | uint64(text[i])
	}
	return bits.RotateLeft64(sum^rest, 29) * prime
}
