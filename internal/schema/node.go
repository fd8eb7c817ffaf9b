package schema

import (
	"math/big"
	"sort"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"maestro/internal/format"
)

// node is one subschema, made from the compiled form of the library, in which every
// reference is resolved. Nodes may form cycles, like $ref. They are immutable once
// they are made.
type node struct {
	place   int  // among all nodes of the schema
	never   bool // the schema false
	draft   int
	source  *jsonschema.Schema // its keywords as parsed by the library
	types   typeSet            // 0: any type
	fixed   *any               // const
	enum    *distinct
	format  *format.Format
	pattern *pattern

	low, high           *bound
	lowOpen, highOpen   *bound // exclusive
	multipleOf          *bound
	properties          map[string]*node
	patterns            []patternProperty
	others              *node // additionalProperties
	names               *node // propertyNames
	dependencies        []dependency
	prefix              []*node
	rest                *node // of the items: "items", or "additionalItems"
	contains            *node
	ref                 *node
	all, any, one       []*node
	not                 *node
	test, then, orElse  *node // if
	unevaluatedProps    *node
	unevaluatedItems    *node
	recursive, dynamic  *node // the targets known at compile time
	dynamicAnchor       string
	resource            *node            // only where the dynamic scope counts
	anchors             map[string]*node // of a resource: its dynamic anchors
	collectsItems       bool             // "contains" counts as evaluation
	recursiveAnchor     bool
	inPlace             bool // has subschemas for the same value
	hasObject, hasArray bool
}

type patternProperty struct {
	pattern *pattern
	node    *node
}

// dependency requires names, or a schema of the whole object, in objects with name.
type dependency struct {
	name    string
	missing []string
	node    *node
}

// bound is a number of the schema: exact, and as an integer when it is small.
type bound struct {
	exact *big.Rat
	whole *int64
}

func newBound(r *big.Rat) *bound {
	if r == nil {
		return nil
	}
	b := &bound{exact: r}
	if r.IsInt() && r.Num().IsInt64() {
		v := r.Num().Int64()
		b.whole = &v
	}
	return b
}

// builder makes the nodes of one schema.
type builder struct {
	nodes map[*jsonschema.Schema]*node
	scope *scopes
	err   error
}

func (b *builder) node(s *jsonschema.Schema) *node {
	if s == nil {
		return nil
	}
	if n, ok := b.nodes[s]; ok {
		return n
	}
	n := &node{place: len(b.nodes), draft: s.DraftVersion, source: s}
	b.nodes[s] = n
	if s.Bool != nil {
		n.never = !*s.Bool
		return n
	}
	b.values(n, s)
	b.objects(n, s)
	b.arrays(n, s)
	n.ref = b.node(s.Ref)
	n.all, n.any, n.one = b.list(s.AllOf), b.list(s.AnyOf), b.list(s.OneOf)
	n.not, n.test, n.then, n.orElse = b.node(s.Not), b.node(s.If), b.node(s.Then), b.node(s.Else)
	n.recursive, n.recursiveAnchor = b.node(s.RecursiveRef), s.RecursiveAnchor
	if s.DynamicRef != nil {
		n.dynamic = b.node(s.DynamicRef.Ref)
	}
	n.dynamicAnchor = s.DynamicAnchor
	n.inPlace = n.ref != nil || len(n.all)+len(n.any)+len(n.one) > 0 || n.not != nil || n.test != nil || n.recursive != nil || n.dynamic != nil
	b.inScope(n, s)
	return n
}

func (b *builder) list(schemas []*jsonschema.Schema) []*node {
	var nodes []*node
	for _, s := range schemas {
		nodes = append(nodes, b.node(s))
	}
	return nodes
}

func (b *builder) values(n *node, s *jsonschema.Schema) {
	if s.Types != nil {
		for _, name := range s.Types.ToStrings() {
			n.types |= typeNames[name]
		}
	}
	if s.Const != nil {
		v := b.value(*s.Const)
		n.fixed = &v
	}
	if s.Enum != nil {
		n.enum = newDistinct(len(s.Enum.Values))
		p := newPace(unlimited, noDeadline)
		for _, v := range s.Enum.Values {
			n.enum.add(&p, b.value(v))
		}
	}
	if s.Format != nil {
		n.format = format.Named(s.Format.Name)
	}
	n.pattern, _ = s.Pattern.(*pattern)
	n.low, n.high = newBound(s.Minimum), newBound(s.Maximum)
	n.lowOpen, n.highOpen = newBound(s.ExclusiveMinimum), newBound(s.ExclusiveMaximum)
	n.multipleOf = newBound(s.MultipleOf)
}

func (b *builder) value(v any) any {
	value, err := valueOf(v)
	if err != nil && b.err == nil {
		b.err = err
	}
	return value
}

func (b *builder) objects(n *node, s *jsonschema.Schema) {
	if len(s.Properties) > 0 {
		n.properties = make(map[string]*node, len(s.Properties))
		for name, sub := range s.Properties {
			n.properties[name] = b.node(sub)
		}
	}
	for re, sub := range s.PatternProperties {
		if re, ok := re.(*pattern); ok {
			n.patterns = append(n.patterns, patternProperty{re, b.node(sub)})
		}
	}
	sort.Slice(n.patterns, func(i, j int) bool { return n.patterns[i].pattern.String() < n.patterns[j].pattern.String() })
	n.others = b.either(s.AdditionalProperties)
	n.names = b.node(s.PropertyNames)
	for name, needs := range s.Dependencies {
		switch needs := needs.(type) {
		case []string:
			n.dependencies = append(n.dependencies, dependency{name: name, missing: needs})
		case *jsonschema.Schema:
			n.dependencies = append(n.dependencies, dependency{name: name, node: b.node(needs)})
		}
	}
	for name, needs := range s.DependentRequired {
		n.dependencies = append(n.dependencies, dependency{name: name, missing: needs})
	}
	for name, sub := range s.DependentSchemas {
		n.dependencies = append(n.dependencies, dependency{name: name, node: b.node(sub)})
	}
	sort.SliceStable(n.dependencies, func(i, j int) bool { return n.dependencies[i].name < n.dependencies[j].name })
	n.unevaluatedProps = b.node(s.UnevaluatedProperties)
	n.hasObject = s.MinProperties != nil || s.MaxProperties != nil || len(s.Required) > 0 || n.properties != nil ||
		n.patterns != nil || n.others != nil || n.names != nil || n.dependencies != nil
}

func (b *builder) arrays(n *node, s *jsonschema.Schema) {
	if s.DraftVersion < 2020 {
		switch items := s.Items.(type) {
		case *jsonschema.Schema:
			n.rest = b.node(items)
		case []*jsonschema.Schema:
			n.prefix = b.list(items)
			n.rest = b.either(s.AdditionalItems)
		}
	} else {
		n.prefix, n.rest = b.list(s.PrefixItems), b.node(s.Items2020)
		n.collectsItems = s.Contains != nil
	}
	n.contains = b.node(s.Contains)
	n.unevaluatedItems = b.node(s.UnevaluatedItems)
	n.hasArray = s.MinItems != nil || s.MaxItems != nil || s.UniqueItems || n.prefix != nil || n.rest != nil || n.contains != nil
}

// either reads a keyword that the library stores as a boolean or a schema. The node
// of a boolean has no schema of the library, and so no location.
func (b *builder) either(v any) *node {
	switch v := v.(type) {
	case bool:
		s := &jsonschema.Schema{Bool: &v}
		return b.node(s)
	case *jsonschema.Schema:
		return b.node(v)
	default:
		return nil
	}
}
