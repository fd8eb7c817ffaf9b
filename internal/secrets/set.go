package secrets

import (
	"time"

	"maestro/internal/mask"
)

// Set is the secrets of a subtenant at one moment. It is immutable. A nil *Set is
// empty.
type Set struct {
	values map[string]kept
	former []formerValue
	mask   *mask.Mask
	until  time.Time // when the first former value is dropped; zero: never
}

// kept is a value and when it was last read.
type kept struct {
	text string
	read *stamp // passed on to the next set that has a secret of this name
}

// formerValue is a value that was replaced or deleted. Functions may still hold it
// (a module reads its secrets once), so it stays masked for a day.
type formerValue struct {
	text  string
	until time.Time
}

// NewSet makes the set of values that no database holds.
func NewSet(values map[string]string) *Set {
	var none *Set
	return none.follow(values, time.Now())
}

// Value returns the value of the secret of that name to the server itself, and notes that it
// was read, as Read does.
func (s *Set) Value(name string) (value string, found bool) { return s.Read(name, "") }

// Read returns the value of the secret of that name to a function, and notes that it was
// read by it. It takes no lock, and memory for the first read of a minute alone.
func (s *Set) Read(name, by string) (value string, found bool) {
	if s == nil {
		return "", false
	}
	secret, found := s.values[name]
	if !found {
		return "", false
	}
	secret.read.set(time.Now(), by)
	return secret.text, true
}

// Mask masks the current values, and former ones for a day; it is nil when there
// are none.
func (s *Set) Mask() *mask.Mask {
	if s == nil {
		return nil
	}
	return s.mask
}

// follow makes the set of values that follows s.
func (s *Set) follow(values map[string]string, now time.Time) *Set {
	next := &Set{values: make(map[string]kept, len(values))}
	current := make(map[string]bool, len(values))
	all := make([]string, 0, len(values))
	for name, value := range values {
		current[value] = true
		all = append(all, value)
		read := new(stamp)
		if s != nil {
			if known, found := s.values[name]; found {
				read = known.read
			}
		}
		next.values[name] = kept{value, read}
	}
	if s != nil {
		for _, value := range s.values {
			next.retire(formerValue{value.text, now.Add(keepFormer)}, current, now)
		}
		for _, former := range s.former {
			next.retire(former, current, now)
		}
	}
	for _, former := range next.former {
		all = append(all, former.text)
		if next.until.IsZero() || former.until.Before(next.until) {
			next.until = former.until
		}
	}
	next.mask = mask.New(all)
	return next
}

// retire keeps a former value unless it is current again, or too old. seen holds
// the values that are masked already.
func (s *Set) retire(former formerValue, seen map[string]bool, now time.Time) {
	if !seen[former.text] && now.Before(former.until) && len(s.former) < maxFormer {
		seen[former.text] = true
		s.former = append(s.former, former)
	}
}
