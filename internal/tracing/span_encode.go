package tracing

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"maestro/internal/model"
)

// The tags of opentelemetry.proto.trace.v1: a field's number and its form on the wire.
const (
	tagResourceSpans = 1<<3 | 2 // of TracesData
	tagResource      = 1<<3 | 2 // of ResourceSpans
	tagScopeSpans    = 2<<3 | 2
	tagScope         = 1<<3 | 2 // of ScopeSpans
	tagSpan          = 2<<3 | 2

	tagTraceID    = 1<<3 | 2 // of Span; the first two are those of Link too
	tagSpanID     = 2<<3 | 2
	tagParentID   = 4<<3 | 2
	tagName       = 5<<3 | 2
	tagKind       = 6 << 3
	tagStart      = 7<<3 | 1
	tagEnd        = 8<<3 | 1
	tagAttribute  = 9<<3 | 2
	tagLink       = 13<<3 | 2
	tagStatus     = 15<<3 | 2
	tagFlags      = 16<<3 | 5
	tagLinkFlags  = 6<<3 | 5
	tagLinkWith   = 4<<3 | 2 // attributes of Link
	tagMessage    = 2<<3 | 2 // of Status
	tagCode       = 3 << 3
	tagKey        = 1<<3 | 2 // of KeyValue
	tagValue      = 2<<3 | 2
	tagText       = 1<<3 | 2 // of AnyValue
	tagNumber     = 3 << 3
	tagScopeName  = 1<<3 | 2 // of InstrumentationScope
	tagResourceOf = 1<<3 | 2 // attributes of Resource
)

// Kinds of spans and the code of a status, as in trace.proto.
const (
	kindInternal = 1
	kindServer   = 2
	kindProducer = 4
	kindConsumer = 5
	codeError    = 2
)

// Bits of a span's flags above those of W3C: whether its parent, or the span of a link,
// is that of another process.
const (
	remoteKnown = 1 << 8
	remote      = 1 << 9
)

// spanRoom is for a span with names of usual lengths, so that it is encoded on the
// stack. A longer one is not cut, and costs an allocation.
const spanRoom = 768

// appendRun appends the span of a run, of a kind and name.
func appendRun(b []byte, span *model.Span, kind byte, name string, run *model.TracedRun) []byte {
	b, from := beginSpan(b)
	flags := uint32(span.Flags) | remoteKnown
	if span.Parent != [8]byte{} {
		flags |= remote
	}
	// Members that the runs of a function share stand together: that compresses better.
	b = appendText(append(b, tagName), name)
	b = append(b, tagKind, kind)
	b = appendAttribute(b, tagAttribute, "maestro.subtenant", run.Tenant)
	b = appendAttribute(b, tagAttribute, "maestro.function", run.Function)
	b = appendInt(b, "maestro.version", run.Version)
	b = appendAttribute(b, tagAttribute, "maestro.trigger", string(run.Trigger))
	b = appendInt(b, "maestro.attempt", run.Attempt)
	b = appendEnd(b, &run.TracedEnd)
	b = appendFlags(b, flags)
	b = appendIDs(b, span.Trace, span.ID, span.Parent)
	b = appendID(b, "maestro.execution_id", run.ExecutionID)
	if !run.ParentID.IsZero() {
		b = appendID(b, "maestro.parent_id", run.ParentID)
	}
	b = appendLink(b, run.Link, "")
	b = appendLink(b, run.Repeats, "repeated")
	return endSpan(b, from)
}

// appendStep appends the span of a step of the run of span.
func appendStep(b []byte, span *model.Span, step *model.TracedStep) []byte {
	b, from := beginSpan(b)
	b = appendText(append(b, tagName), step.Function)
	b = append(b, tagKind, kindInternal)
	b = appendAttribute(b, tagAttribute, "maestro.function", step.Function)
	b = appendInt(b, "maestro.version", step.Version)
	b = appendEnd(b, &step.TracedEnd)
	b = appendFlags(b, uint32(span.Flags)|remoteKnown)
	b = appendIDs(b, span.Trace, span.Of(step.Step), span.Of(step.Parent))
	b = appendID(b, "maestro.step_id", step.ID)
	return endSpan(b, from)
}

// beginSpan leaves room for a size of two bytes, which nearly all spans have.
func beginSpan(b []byte) (with []byte, from int) {
	b = append(b, tagSpan, 0, 0)
	return b, len(b)
}

// endSpan sets the size of the span that begins at from.
func endSpan(b []byte, from int) []byte {
	size := len(b) - from
	if size < 1<<14 {
		b[from-2], b[from-1] = byte(size)|0x80, byte(size>>7)
		return b
	}
	more := protowire.SizeVarint(uint64(size)) - 2
	b = append(b, make([]byte, more)...)
	copy(b[from+more:], b[from:])
	protowire.AppendVarint(b[:from-2], uint64(size))
	return b
}

func appendIDs(b []byte, trace [16]byte, span, parent [8]byte) []byte {
	b = append(b, tagTraceID, 16)
	b = append(b, trace[:]...)
	b = append(b, tagSpanID, 8)
	b = append(b, span[:]...)
	if parent == [8]byte{} {
		return b
	}
	b = append(b, tagParentID, 8)
	return append(b, parent[:]...)
}

// appendEnd appends when and how a span has ended.
func appendEnd(b []byte, end *model.TracedEnd) []byte {
	b = appendAttribute(b, tagAttribute, "maestro.status", string(end.Status))
	if end.ErrorType != "" {
		b = appendAttribute(b, tagAttribute, "error.type", end.ErrorType)
		kind := valid(end.ErrorType)
		b = protowire.AppendVarint(append(b, tagStatus), uint64(3+sizeText(kind)))
		b = appendText(append(b, tagMessage), kind)
		b = append(b, tagCode, codeError)
	}
	b = appendTime(append(b, tagStart), end.Started)
	return appendTime(append(b, tagEnd), end.Ended)
}

func appendTime(b []byte, at time.Time) []byte {
	return binary.LittleEndian.AppendUint64(b, uint64(max(0, at.UnixNano())))
}

func appendFlags(b []byte, flags uint32) []byte {
	b = append(b, tagFlags&0x7f|0x80, tagFlags>>7)
	return binary.LittleEndian.AppendUint32(b, flags)
}

// appendLink appends a link to the span of a traceparent, if it is a valid one, with
// the attribute maestro.link unless relation is empty.
func appendLink(b []byte, traceParent, relation string) []byte {
	if traceParent == "" {
		return b
	}
	to, ok := parse(traceParent)
	if !ok {
		return b
	}
	var link [96]byte
	l := appendIDs(link[:0], to.trace, to.span, [8]byte{})
	if relation != "" {
		l = appendAttribute(l, tagLinkWith, "maestro.link", relation)
	}
	l = append(l, tagLinkFlags)
	l = binary.LittleEndian.AppendUint32(l, uint32(to.flags)|remoteKnown|remote)
	b = append(b, tagLink, byte(len(l))) // less than 128
	return append(b, l...)
}

// appendAttribute appends a KeyValue with a text, as the field of tag.
func appendAttribute(b []byte, tag byte, key, text string) []byte {
	text = valid(text)
	if size := 2 + len(key) + 4 + len(text); size < 1<<7 { // so that each size takes a byte: nearly always
		b = append(b, tag, byte(size), tagKey, byte(len(key)))
		b = append(b, key...)
		b = append(b, tagValue, byte(2+len(text)), tagText, byte(len(text)))
		return append(b, text...)
	}
	value := 1 + sizeText(text)
	b = protowire.AppendVarint(append(b, tag), uint64(1+sizeText(key)+1+protowire.SizeBytes(value)))
	b = appendText(append(b, tagKey), key)
	b = protowire.AppendVarint(append(b, tagValue), uint64(value))
	return appendText(append(b, tagText), text)
}

// appendID does the same for an id.
func appendID(b []byte, key string, id model.ID) []byte {
	const size = 36 // of its text
	b = append(b, tagAttribute, byte(2+len(key)+2+2+size), tagKey, byte(len(key)))
	b = append(b, key...)
	b = append(b, tagValue, 2+size, tagText, size)
	text := [size]byte{8: '-', 13: '-', 18: '-', 23: '-'}
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	return append(b, text[:]...)
}

// appendInt does the same for a number.
func appendInt(b []byte, key string, number int) []byte {
	value := 1 + protowire.SizeVarint(uint64(number))
	b = append(b, tagAttribute, byte(2+len(key)+2+value), tagKey, byte(len(key)))
	b = append(b, key...)
	return protowire.AppendVarint(append(b, tagValue, byte(value), tagNumber), uint64(number))
}

func appendText(b []byte, text string) []byte {
	return append(protowire.AppendVarint(b, uint64(len(text))), text...)
}

func sizeText(text string) int { return protowire.SizeBytes(len(text)) }

// valid is a text that a collector can read: for one that it can't it would refuse the
// whole batch.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
