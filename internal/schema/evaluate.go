package schema

import (
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"maestro/internal/model"
)

// maxNesting limits nested visits: the length of a chain of references times the
// depth of the value. A visit takes some kilobytes of stack, and a stack overflow
// ends the process.
const maxNesting = 20_000

var errNesting = fmt.Errorf("validation needs more than %d subschemas within each other. Shorten the chains of $ref in the schema, or nest the value less", maxNesting)

// evaluation is one validation of one value. It has the result of the library's
// validator, but with a deadline, in bounded memory, and in time proportional to
// the value where the library is quadratic (enum, uniqueItems). It belongs to one
// goroutine.
type evaluation struct {
	pace
	active  []int64 // by node: the visit in which it is evaluated
	visit   int64   // number of the current value
	visits  int64   // numbers used so far
	nesting int
	scope   []*node // resources entered, for $dynamicRef
	path    []token // of the current value
	muted   int     // problems are not collected
	found   []model.Problem
	room    int // how many problems are collected; 0: none
}

// token is one step of a JSON pointer: a name or an index.
type token struct {
	name  string
	place int
	named bool
}

// full reports that the result is known, and another failure adds no problem.
func (e *evaluation) full() bool { return e.muted > 0 || len(e.found) >= e.room }

// check evaluates v, a value that is not evaluated yet.
func (e *evaluation) check(n *node, v any) bool {
	outer := e.visit
	e.visits++
	e.visit = e.visits
	ok := e.same(n, v, nil)
	e.visit = outer
	return ok
}

// same evaluates the current value against another subschema. If the value fits,
// the parts that the subschema evaluates are added to seen, unless it is nil.
func (e *evaluation) same(n *node, v any, seen *evaluated) bool {
	if n.source.Bool != nil {
		return e.spend(1) && (!n.never || e.fail(&kind.FalseSchema{}))
	}
	if !e.spend(1) {
		return false
	}
	if e.nesting++; e.nesting > maxNesting {
		e.end(errNesting)
	}
	var before int64
	if n.inPlace || n.dependencies != nil { // other nodes can't be recursive
		before = e.active[n.place]
		if before == e.visit {
			e.nesting--
			return e.failText("the schema refers to itself without end here")
		}
		e.active[n.place] = e.visit
	}
	entered := n.resource != nil && (len(e.scope) == 0 || e.scope[len(e.scope)-1] != n.resource)
	if entered {
		e.scope = append(e.scope, n.resource)
	}
	ok := e.keywords(n, v, seen)
	if entered {
		e.scope = e.scope[:len(e.scope)-1]
	}
	if n.inPlace || n.dependencies != nil {
		e.active[n.place] = before
	}
	e.nesting--
	return ok && e.err == nil
}

// keywords evaluates the keywords of n. A failure of type, const, enum or format
// ends the evaluation, because further problems would only distract.
func (e *evaluation) keywords(n *node, v any, seen *evaluated) bool {
	if !e.scalars(n, v) {
		return false
	}
	var own *evaluated
	if seen != nil || n.unevaluatedProps != nil || n.unevaluatedItems != nil {
		own = newEvaluated(v)
	}
	ok := n.ref == nil || e.same(n.ref, v, own)
	if n.draft < 2019 && n.ref != nil {
		return e.done(ok, own, seen)
	}
	if !ok && e.full() {
		return false
	}
	switch v := v.(type) {
	case *object:
		ok = (!n.hasObject || e.object(n, v, own)) && ok
	case []any:
		ok = (!n.hasArray || e.array(n, v, own)) && ok
	case string:
		ok = e.text(n, v) && ok
	case number:
		ok = e.number(n, v) && ok
	}
	if !ok && e.full() {
		return false
	}
	if n.inPlace {
		ok = e.references(n, v, own) && ok
		if !ok && e.full() {
			return false
		}
		ok = e.combined(n, v, own) && ok
		if !ok && e.full() {
			return false
		}
	}
	ok = e.unevaluated(n, v, own) && ok
	return e.done(ok, own, seen)
}

// done passes the evaluated parts to the enclosing schema.
func (e *evaluation) done(ok bool, own, seen *evaluated) bool {
	if ok && seen != nil {
		e.spend(own.merge(seen))
	}
	return ok
}

// references follows $recursiveRef and $dynamicRef, whose targets depend on the
// dynamic scope.
func (e *evaluation) references(n *node, v any, own *evaluated) bool {
	ok := true
	if target := n.recursive; target != nil {
		if target.recursiveAnchor {
			for i := 0; i < len(e.scope) && e.spend(1); i++ {
				if e.scope[i].recursiveAnchor {
					target = e.scope[i]
					break
				}
			}
		}
		ok = e.same(target, v, own)
	}
	if target := n.dynamic; target != nil && (ok || !e.full()) {
		if anchor := n.source.DynamicRef.Anchor; anchor != "" && target.dynamicAnchor == anchor {
			for i := 0; i < len(e.scope) && e.spend(1); i++ {
				if outer := e.scope[i].anchors[anchor]; outer != nil {
					target = outer
					break
				}
			}
		}
		ok = e.same(target, v, own) && ok
	}
	return ok
}

// combined evaluates not, allOf, anyOf, oneOf and if.
func (e *evaluation) combined(n *node, v any, own *evaluated) bool {
	ok := true
	if n.not != nil && e.quietly(n.not, v, nil) {
		ok = e.fail(&kind.Not{})
	}
	for _, sub := range n.all {
		if ok = e.same(sub, v, own) && ok; !ok && e.full() {
			return false
		}
	}
	if len(n.any) > 0 {
		if ok = e.anyOf(n, v, own) && ok; !ok && e.full() {
			return false
		}
	}
	if len(n.one) > 0 {
		if ok = e.oneOf(n, v, own) && ok; !ok && e.full() {
			return false
		}
	}
	if n.test != nil {
		branch := n.orElse
		if e.quietly(n.test, v, own) {
			branch = n.then
		}
		if branch != nil {
			ok = e.same(branch, v, own) && ok
		}
	}
	return ok
}

// quietly evaluates without collecting problems.
func (e *evaluation) quietly(n *node, v any, own *evaluated) bool {
	e.muted++
	ok := e.same(n, v, own)
	e.muted--
	return ok
}

func (e *evaluation) anyOf(n *node, v any, own *evaluated) bool {
	before, fits := len(e.found), false
	for _, sub := range n.any {
		if !e.same(sub, v, own) {
			if e.err != nil {
				return false
			}
			continue
		}
		fits = true
		if own == nil { // otherwise every match counts
			break
		}
	}
	if fits {
		e.found = e.found[:before]
	}
	return fits
}

func (e *evaluation) oneOf(n *node, v any, own *evaluated) bool {
	before, first := len(e.found), -1
	for i, sub := range n.one {
		if first >= 0 {
			e.muted++
		}
		fits := e.same(sub, v, own)
		if first >= 0 {
			e.muted--
		}
		switch {
		case e.err != nil:
			return false
		case fits && first >= 0:
			return e.fail(&kind.OneOf{Subschemas: []int{first, i}})
		case fits:
			first = i
			e.found = e.found[:before]
		}
	}
	return first >= 0
}
