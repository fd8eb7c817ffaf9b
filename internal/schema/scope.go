package schema

import (
	"bytes"
	"net/url"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// scopes has the data for $dynamicRef and $recursiveRef: the resource of each
// subschema, and the dynamic anchors of each resource. The library exposes them
// only to a vocabulary.
type scopes struct {
	names []string // every $dynamicAnchor of the document
	known map[*jsonschema.Schema]map[string]*jsonschema.Schema
}

// needsScopes reports whether a text may use the dynamic scope; most texts do not,
// and avoid the cost.
func needsScopes(text []byte) bool {
	return bytes.Contains(text, []byte("$dynamicRef")) || bytes.Contains(text, []byte("$recursiveRef")) ||
		bytes.Contains(text, []byte("json-schema.org/draft/20")) && bytes.Contains(text, []byte("$ref"))
}

func newScopes(doc any) *scopes {
	s := &scopes{known: map[*jsonschema.Schema]map[string]*jsonschema.Schema{}}
	seen := map[string]bool{"meta": true} // of the meta-schemas
	s.names = append(s.names, "meta")
	walk(doc, func(object map[string]any) {
		if name, ok := object["$dynamicAnchor"].(string); ok && !seen[name] {
			seen[name] = true
			s.names = append(s.names, name)
		}
	})
	return s
}

// walk visits every object within doc.
func walk(doc any, visit func(map[string]any)) {
	switch doc := doc.(type) {
	case map[string]any:
		visit(doc)
		for _, v := range doc {
			walk(v, visit)
		}
	case []any:
		for _, v := range doc {
			walk(v, visit)
		}
	}
}

// inResource is the data that the vocabulary adds to each subschema.
type inResource struct{ resource *jsonschema.Schema }

// Validate implements jsonschema.SchemaExt; the library validates nothing here.
func (inResource) Validate(*jsonschema.ValidatorContext, any) {}

func (s *scopes) vocabulary() *jsonschema.Vocabulary {
	return &jsonschema.Vocabulary{URL: "maestro:scope", Compile: func(ctx *jsonschema.CompilerContext, _ map[string]any) (jsonschema.SchemaExt, error) {
		resource, err := ctx.EnqueueRef("#")
		if err != nil {
			return nil, err
		}
		if _, ok := s.known[resource]; !ok {
			anchors := map[string]*jsonschema.Schema{}
			for _, name := range s.names {
				if target, err := ctx.EnqueueRef("#" + url.PathEscape(name)); err == nil {
					anchors[name] = target
				}
			}
			s.known[resource] = anchors
		}
		return inResource{resource}, nil
	}}
}

// inScope links n to its resource, and a resource to its dynamic anchors.
func (b *builder) inScope(n *node, s *jsonschema.Schema) {
	for _, extension := range s.Extensions {
		if in, ok := extension.(inResource); ok {
			n.resource = b.node(in.resource)
		}
	}
	if n.resource != n || b.scope == nil {
		return
	}
	n.anchors = map[string]*node{}
	for name, target := range b.scope.known[s] {
		if target.DynamicAnchor == name { // not a plain $anchor of that name
			n.anchors[name] = b.node(target)
		}
	}
}
