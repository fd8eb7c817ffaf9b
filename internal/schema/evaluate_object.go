package schema

import "github.com/santhosh-tekuri/jsonschema/v6/kind"

// object evaluates the keywords for objects, except for unevaluatedProperties.
func (e *evaluation) object(n *node, o *object, own *evaluated) bool {
	s, ok := n.source, true
	if s.MinProperties != nil && len(o.members) < *s.MinProperties {
		ok = e.fail(&kind.MinProperties{Got: len(o.members), Want: *s.MinProperties})
	}
	if s.MaxProperties != nil && len(o.members) > *s.MaxProperties {
		ok = e.fail(&kind.MaxProperties{Got: len(o.members), Want: *s.MaxProperties})
	}
	if missing := e.missing(o, s.Required); missing != nil {
		ok = e.fail(&kind.Required{Missing: missing})
	}
	if !ok && e.full() {
		return false
	}
	if ok = e.members(n, o, own) && ok; !ok && e.full() {
		return false
	}
	if n.names != nil {
		for i := range o.members {
			if ok = e.name(n.names, o.members[i].name) && ok; !ok && e.full() {
				return false
			}
		}
	}
	for i := range n.dependencies {
		if ok = e.dependency(&n.dependencies[i], o, own) && ok; !ok && e.full() {
			return false
		}
	}
	return ok
}

// maxMissing is how many names a problem lists.
const maxMissing = 20

func (e *evaluation) missing(o *object, names []string) []string {
	var missing []string
	for _, name := range names {
		if !e.spend(1) {
			return nil
		}
		if o.find(name) >= 0 {
			continue
		}
		if missing = append(missing, shortened(name)); e.full() || len(missing) >= maxMissing {
			break
		}
	}
	return missing
}

// members evaluates properties, patternProperties and additionalProperties.
func (e *evaluation) members(n *node, o *object, own *evaluated) bool {
	if n.properties == nil && n.patterns == nil && n.others == nil {
		return true
	}
	ok := true
	var extra []string
	for i := range o.members {
		m := &o.members[i]
		if !e.spend(1) {
			return false
		}
		known := false
		e.path = append(e.path, token{name: m.name, named: true})
		if sub := n.properties[m.name]; sub != nil {
			known = true
			ok = e.check(sub, m.value) && ok
		}
		for j := range n.patterns {
			if n.patterns[j].pattern.match(&e.pace, m.name) && e.err == nil {
				known = true
				ok = e.check(n.patterns[j].node, m.value) && ok
			}
		}
		switch {
		case known || n.others == nil:
		case n.others.never:
			known, ok = true, false
			if len(extra) < maxMissing && !e.full() {
				extra = append(extra, shortened(m.name))
			}
		default:
			known = true
			ok = e.check(n.others, m.value) && ok
		}
		e.path = e.path[:len(e.path)-1]
		if e.err != nil || !ok && e.full() {
			return false
		}
		if known {
			own.add(i)
		}
	}
	if len(extra) > 0 {
		e.fail(&kind.AdditionalProperties{Properties: extra})
	}
	return ok
}

// at evaluates a part of the current value.
func (e *evaluation) at(t token, n *node, v any) bool {
	e.path = append(e.path, t)
	ok := e.check(n, v)
	e.path = e.path[:len(e.path)-1]
	return ok
}

// name evaluates the name of a member; its problems point to the object.
func (e *evaluation) name(n *node, name string) bool {
	outer := e.visit
	e.visits++
	e.visit = e.visits
	ok := e.quietly(n, name, nil)
	e.visit = outer
	return ok || e.fail(&kind.PropertyNames{Property: shortened(name)})
}

func (e *evaluation) dependency(d *dependency, o *object, own *evaluated) bool {
	if !e.spend(1) {
		return false
	}
	if o.find(d.name) < 0 {
		return true
	}
	if d.node != nil {
		return e.same(d.node, o, own)
	}
	if missing := e.missing(o, d.missing); missing != nil {
		return e.fail(&kind.DependentRequired{Prop: d.name, Missing: missing})
	}
	return true
}
