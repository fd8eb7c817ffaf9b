package folder

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// MergeText merges two changes of a text. Where both change the same lines, or
// add different ones at the same place, the result has both between markers,
// and conflicts counts the places.
func MergeText(base, local, remote string) (merged string, conflicts int) {
	switch {
	case local == remote || base == remote:
		return local, 0
	case base == local:
		return remote, 0
	}
	ours, theirs := udiff.Lines(base, local), udiff.Lines(base, remote)
	var b strings.Builder
	at := 0
	for len(ours) > 0 || len(theirs) > 0 {
		// A region begins with the first edit, and takes in every edit that touches it.
		var region span
		mine, yours := []udiff.Edit{}, []udiff.Edit{}
		for first := true; ; first = false {
			switch {
			case len(ours) > 0 && (first && (len(theirs) == 0 || ours[0].Start <= theirs[0].Start) || !first && region.touches(ours[0], len(yours) > 0)):
				region.include(ours[0], first)
				mine, ours = append(mine, ours[0]), ours[1:]
				continue
			case len(theirs) > 0 && (first || region.touches(theirs[0], len(mine) > 0)):
				region.include(theirs[0], first)
				yours, theirs = append(yours, theirs[0]), theirs[1:]
				continue
			}
			break
		}
		b.WriteString(base[at:region.start])
		at = region.end
		left, right := region.apply(base, mine), region.apply(base, yours)
		switch {
		case len(yours) == 0 || left == right:
			b.WriteString(left)
		case len(mine) == 0:
			b.WriteString(right)
		default:
			conflicts++
			b.WriteString("<<<<<<< folder\n" + ended(left) + "=======\n" + ended(right) + ">>>>>>> server\n")
		}
	}
	b.WriteString(base[at:])
	return b.String(), conflicts
}

// span is a part of the base.
type span struct{ start, end int }

// touches reports whether an edit belongs to the region: it overlaps it, or it
// meets it while the other side has edits there too.
func (s span) touches(e udiff.Edit, other bool) bool {
	return e.Start < s.end || other && e.Start == s.end
}

func (s *span) include(e udiff.Edit, first bool) {
	if first {
		*s = span{e.Start, e.End}
	}
	s.start, s.end = min(s.start, e.Start), max(s.end, e.End)
}

// apply makes the edits within the region.
func (s span) apply(base string, edits []udiff.Edit) string {
	var b strings.Builder
	at := s.start
	for _, e := range edits {
		b.WriteString(base[at:e.Start] + e.New)
		at = e.End
	}
	b.WriteString(base[at:s.end])
	return b.String()
}

func ended(text string) string {
	if text != "" && !strings.HasSuffix(text, "\n") {
		return text + "\n"
	}
	return text
}
