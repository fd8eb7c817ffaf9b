package schema

import (
	"math/big"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"maestro/internal/format"
)

// quick is a checker of the common part of JSON Schema that works directly on the
// bytes. Its result is "the value fits" or "evaluate it", never "the value does not
// fit", so a keyword that it does not support costs time only. Acceptance must be
// correct: a fuzz test compares it with the evaluation, and the evaluation with the
// library.
type quick struct {
	root *quickNode
}

// quickNode is one subschema. Nodes may form cycles, as $ref can.
type quickNode struct {
	types    typeSet // 0: any type
	all      []*quickNode
	any      []*quickNode
	enum     [][]byte            // the strings of an enum, as JSON without escapes; nil: none
	listed   map[string]struct{} // the same, for many strings
	format   *format.Format
	pattern  *pattern
	minRunes int
	maxRunes int // -1: none
	low      *int64
	high     *int64
	minItems int
	maxItems int // -1: none
	items    *quickNode

	properties []quickProperty
	places     map[string]int // of the properties, if they are many
	required   uint64         // bits of required properties
	others     *quickNode
	closed     bool // additionalProperties: false
}

type quickProperty struct {
	name string
	node *quickNode // nil: every value
}

type typeSet uint8

const (
	isNull typeSet = 1 << iota
	isBoolean
	isNumber
	isInteger
	isString
	isArray
	isObject
)

var typeNames = map[string]typeSet{
	"null": isNull, "boolean": isBoolean, "number": isNumber, "integer": isInteger,
	"string": isString, "array": isArray, "object": isObject,
}

// newQuick converts a compiled schema, or returns nil when it uses a keyword that
// quick leaves to the evaluation.
func newQuick(s *jsonschema.Schema) *quick {
	b := quickBuilder{nodes: map[*jsonschema.Schema]*quickNode{}}
	root := b.node(s)
	if b.unknown {
		return nil
	}
	return &quick{root}
}

type quickBuilder struct {
	nodes   map[*jsonschema.Schema]*quickNode
	unknown bool
}

func (b *quickBuilder) node(s *jsonschema.Schema) *quickNode {
	if n, ok := b.nodes[s]; ok {
		return n
	}
	n := &quickNode{maxRunes: -1, maxItems: -1}
	b.nodes[s] = n
	if s.Bool != nil {
		b.unknown = b.unknown || !*s.Bool
		return n
	}
	if leftToEvaluation(s) {
		b.unknown = true
		return n
	}
	if s.Types != nil {
		for _, name := range s.Types.ToStrings() {
			n.types |= typeNames[name]
		}
	}
	if s.Ref != nil {
		n.all = append(n.all, b.node(s.Ref))
	}
	for _, sub := range s.AllOf {
		n.all = append(n.all, b.node(sub))
	}
	for _, sub := range s.AnyOf {
		n.any = append(n.any, b.node(sub))
	}
	b.scalars(n, s)
	b.containers(n, s)
	return n
}

// leftToEvaluation names every assertion that quick does not support. Annotations
// (title, default …) assert nothing.
func leftToEvaluation(s *jsonschema.Schema) bool {
	return s.DraftVersion != 2020 ||
		s.RecursiveRef != nil || s.DynamicRef != nil || s.Const != nil || s.Not != nil ||
		len(s.OneOf) > 0 || s.If != nil || s.Then != nil || s.Else != nil ||
		s.MaxProperties != nil || s.MinProperties != nil || s.PropertyNames != nil ||
		len(s.PatternProperties) > 0 || len(s.Dependencies) > 0 || len(s.DependentRequired) > 0 ||
		len(s.DependentSchemas) > 0 || s.UnevaluatedProperties != nil ||
		s.UniqueItems || s.Contains != nil || s.MinContains != nil || s.MaxContains != nil ||
		s.Items != nil || s.AdditionalItems != nil || len(s.PrefixItems) > 0 || s.UnevaluatedItems != nil ||
		s.ContentEncoding != nil || s.ContentMediaType != nil || s.ContentSchema != nil ||
		s.ExclusiveMaximum != nil || s.ExclusiveMinimum != nil || s.MultipleOf != nil ||
		len(s.Extensions) > 0
}

func (b *quickBuilder) scalars(n *quickNode, s *jsonschema.Schema) {
	if s.Format != nil {
		n.format = format.Named(s.Format.Name)
	}
	n.pattern, _ = s.Pattern.(*pattern)
	if s.MinLength != nil {
		n.minRunes = *s.MinLength
	}
	if s.MaxLength != nil {
		n.maxRunes = *s.MaxLength
	}
	n.low, n.high = b.bound(s.Minimum), b.bound(s.Maximum)
	if s.Enum != nil {
		for _, value := range s.Enum.Values {
			text, ok := value.(string)
			if !ok || !plain(text) {
				b.unknown = true
				return
			}
			n.enum = append(n.enum, []byte(`"`+text+`"`))
		}
		if n.enum == nil {
			b.unknown = true
		}
		if len(n.enum) > fewEntries {
			n.listed = make(map[string]struct{}, len(n.enum))
			for _, entry := range n.enum {
				n.listed[string(entry)] = struct{}{}
			}
		}
	}
}

// fewEntries is the size of an enum up to which comparing is faster than a lookup.
const fewEntries = 8

// bound accepts integral bounds that a double represents exactly.
func (b *quickBuilder) bound(r *big.Rat) *int64 {
	if r == nil {
		return nil
	}
	if !r.IsInt() || !r.Num().IsInt64() {
		b.unknown = true
		return nil
	}
	v := r.Num().Int64()
	if v > 1<<53 || v < -(1<<53) {
		b.unknown = true
		return nil
	}
	return &v
}

func (b *quickBuilder) containers(n *quickNode, s *jsonschema.Schema) {
	if s.MinItems != nil {
		n.minItems = *s.MinItems
	}
	if s.MaxItems != nil {
		n.maxItems = *s.MaxItems
	}
	if s.Items2020 != nil {
		n.items = b.node(s.Items2020)
	}
	index := map[string]int{}
	add := func(name string, node *quickNode) int {
		if i, ok := index[name]; ok {
			return i
		}
		if !plain(name) {
			b.unknown = true
		}
		index[name] = len(n.properties)
		n.properties = append(n.properties, quickProperty{name, node})
		return len(n.properties) - 1
	}
	for name, sub := range s.Properties {
		add(name, b.node(sub))
	}
	switch more := s.AdditionalProperties.(type) {
	case nil:
	case bool:
		n.closed = !more
	case *jsonschema.Schema:
		n.others = b.node(more)
	default:
		b.unknown = true
	}
	for _, name := range s.Required {
		known := len(n.properties)
		i := add(name, nil)
		if i == known && (n.closed || n.others != nil) {
			// required, but not among the properties: the evaluation checks it
			// against "additional"
			b.unknown = true
		}
		if i >= 64 {
			b.unknown = true
			return
		}
		n.required |= 1 << i
	}
	if len(index) > fewProperties {
		n.places = index
	}
}

// fewProperties is the number up to which comparing is faster than a lookup.
const fewProperties = 16

// plain reports that text needs no escapes in JSON, so that bytes can be compared.
// Other spellings (\u0061) are not recognised; then the value is evaluated.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
