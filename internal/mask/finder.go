package mask

import (
	"encoding/binary"
	"unsafe"
)

// minForm is the minimum length of a text to find, in bytes.
const minForm = minCharacters

// stride is the distance between two probes: of any eight bytes in a row a probe
// reads four, which decide whether a text may begin there.
const stride = minForm - wordBytes + 1

const wordBytes = 4

// finder finds many texts in one pass. Its cost hardly depends on their number.
type finder struct {
	words   [1 << 10]uint64     // a bit for the hash of each word in the first eight bytes of the texts
	byStart map[uint32][]string // the texts by their first word, longest first
}

func (f *finder) add(text string) {
	start := word(bytesOf(text), 0)
	for _, known := range f.byStart[start] {
		if known == text {
			return
		}
	}
	if f.byStart == nil {
		f.byStart = map[uint32][]string{}
	}
	f.byStart[start] = append(f.byStart[start], text)
	for i := range stride {
		hash := hashOf(word(bytesOf(text), i))
		f.words[hash>>6] |= 1 << (hash & 63)
	}
}

// bytesOf is a text as bytes, which must not be modified.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

func word(text []byte, i int) uint32 { return binary.LittleEndian.Uint32(text[i:]) }

func hashOf(word uint32) uint32 { return word * 2654435761 >> 16 }

// find returns the start and end of the first occurrence of a text at or after
// from; overlapping texts are one occurrence. start is -1 without an occurrence.
func (f *finder) find(text []byte, from int) (start, end int) {
	if len(f.byStart) == 0 {
		return -1, -1
	}
	for i := from + stride - 1; i+wordBytes <= len(text); i += stride {
		hash := hashOf(word(text, i))
		if f.words[hash>>6]&(1<<(hash&63)) == 0 {
			continue
		}
		for start := i - stride + 1; start <= i; start++ {
			if end := f.endAt(text, start); end > 0 {
				return start, f.endOver(text, start, end)
			}
		}
	}
	return -1, -1
}

// endOver is the end of the last text that overlaps with text[start:end].
func (f *finder) endOver(text []byte, start, end int) int {
	for i := start + 1; i < end; i++ {
		end = max(end, f.endAt(text, i))
	}
	return end
}

// endAt is the end of the longest text that begins at i, or 0.
func (f *finder) endAt(text []byte, i int) int {
	if i+minForm > len(text) {
		return 0
	}
	for _, candidate := range f.byStart[word(text, i)] {
		if i+len(candidate) <= len(text) && string(text[i:i+len(candidate)]) == candidate {
			return i + len(candidate)
		}
	}
	return 0
}

// replace returns a copy of the text with stars in place of all occurrences; start
// and end are those of the first.
func (f *finder) replace(text []byte, start, end int) []byte {
	out := make([]byte, 0, len(text))
	done := 0
	for start >= 0 {
		out = append(append(out, text[done:start]...), stars...)
		done = end
		start, end = f.find(text, done)
	}
	return append(out, text[done:]...)
}
