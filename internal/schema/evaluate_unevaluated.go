package schema

// evaluated notes the members of one object, or items of one array, that a
// subschema has evaluated. A nil *evaluated notes none.
type evaluated struct {
	all   bool
	count int
	bits  []uint64
}

func newEvaluated(v any) *evaluated {
	switch v := v.(type) {
	case *object:
		return &evaluated{count: len(v.members)}
	case []any:
		return &evaluated{count: len(v)}
	default:
		return &evaluated{}
	}
}

func (s *evaluated) add(i int) {
	if s == nil || s.all {
		return
	}
	if s.bits == nil {
		s.bits = make([]uint64, (s.count+63)/64)
	}
	s.bits[i/64] |= 1 << (i % 64)
}

func (s *evaluated) addAll() {
	if s != nil {
		s.all, s.bits = true, nil
	}
}

func (s *evaluated) has(i int) bool {
	return s.all || s.bits != nil && s.bits[i/64]&(1<<(i%64)) != 0
}

// merge adds the notes of s to outer, and returns its cost in steps.
func (s *evaluated) merge(outer *evaluated) int {
	switch {
	case s.all:
		outer.addAll()
	case outer.all || s.bits == nil:
	case outer.bits == nil:
		outer.bits, s.bits = s.bits, nil
	default:
		for i, word := range s.bits {
			outer.bits[i] |= word
		}
	}
	return 1 + s.count>>8
}

// unevaluated evaluates unevaluatedProperties and unevaluatedItems, after all other
// keywords.
func (e *evaluation) unevaluated(n *node, v any, own *evaluated) bool {
	ok := true
	switch v := v.(type) {
	case *object:
		if n.unevaluatedProps == nil {
			return true
		}
		for i := range v.members {
			if own.has(i) {
				e.left--
				continue
			}
			if ok = e.at(token{name: v.members[i].name, named: true}, n.unevaluatedProps, v.members[i].value) && ok; e.err != nil || !ok && e.full() {
				return false
			}
		}
		own.addAll()
	case []any:
		if n.unevaluatedItems == nil {
			return true
		}
		for i := range v {
			if own.has(i) {
				e.left--
				continue
			}
			if ok = e.at(token{place: i}, n.unevaluatedItems, v[i]) && ok; e.err != nil || !ok && e.full() {
				return false
			}
		}
		own.addAll()
	}
	return ok
}
