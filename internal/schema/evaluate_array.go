package schema

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// array evaluates the keywords for arrays, except for unevaluatedItems.
func (e *evaluation) array(n *node, list []any, own *evaluated) bool {
	s, ok := n.source, true
	if s.MinItems != nil && len(list) < *s.MinItems {
		ok = e.fail(&kind.MinItems{Got: len(list), Want: *s.MinItems})
	}
	if s.MaxItems != nil && len(list) > *s.MaxItems {
		ok = e.fail(&kind.MaxItems{Got: len(list), Want: *s.MaxItems})
	}
	if !ok && e.full() {
		return false
	}
	if s.UniqueItems && len(list) > 1 {
		if ok = e.unique(list) && ok; !ok && e.full() {
			return false
		}
	}
	if ok = e.items(n, list, own) && ok; !ok && e.full() {
		return false
	}
	if n.contains != nil {
		ok = e.contains(n, list, own) && ok
	}
	return ok
}

func (e *evaluation) items(n *node, list []any, own *evaluated) bool {
	ok := true
	for i, item := range list {
		sub := n.rest
		if i < len(n.prefix) {
			sub = n.prefix[i]
		}
		if sub == nil {
			break
		}
		if n.draft < 2020 && sub == n.rest && n.rest.never && n.prefix != nil {
			return e.fail(&kind.AdditionalItems{Count: len(list) - i})
		}
		if ok = e.at(token{place: i}, sub, item) && ok; e.err != nil || !ok && e.full() {
			return false
		}
	}
	if n.rest != nil {
		own.addAll()
	} else {
		for i := range min(len(n.prefix), len(list)) {
			own.add(i)
		}
	}
	return ok
}

// unique compares each item only with items of the same hash.
func (e *evaluation) unique(list []any) bool {
	known := newDistinct(min(len(list), 1024))
	for i, item := range list {
		if first := known.add(&e.pace, item); first >= 0 {
			return e.fail(&kind.UniqueItems{Duplicates: [2]int{first, i}})
		}
		if e.err != nil {
			return false
		}
	}
	return true
}

// maxMatched is how many indexes a problem lists.
const maxMatched = 20

func (e *evaluation) contains(n *node, list []any, own *evaluated) bool {
	s := n.source
	least := 1
	if s.MinContains != nil {
		least = *s.MinContains
	}
	count := 0
	var first []int // indexes of the first matches
	for i, item := range list {
		e.muted++
		fits := e.at(token{place: i}, n.contains, item)
		e.muted--
		if e.err != nil {
			return false
		}
		if !fits {
			continue
		}
		if count++; len(first) < maxMatched {
			first = append(first, i)
		}
		if n.collectsItems {
			own.add(i)
		}
		if own == nil && count >= least && s.MaxContains == nil {
			return true
		}
	}
	ok := true
	switch {
	case count >= least:
	case s.MinContains == nil:
		ok = e.fail(&kind.Contains{})
	default:
		ok = e.fail(&kind.MinContains{Got: first, Want: least})
	}
	if s.MaxContains != nil && count > *s.MaxContains {
		ok = e.fail(&kind.MaxContains{Got: slices.Clip(first), Want: *s.MaxContains})
	}
	return ok
}
