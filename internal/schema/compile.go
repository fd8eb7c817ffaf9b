package schema

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"maestro/internal/format"
	"maestro/internal/model"
)

// MaxSchemaBytes is the maximum length of a schema.
const MaxSchemaBytes = 256 << 10

// Schema is a compiled schema. It is immutable and safe for concurrent use. A nil
// *Schema accepts every value.
type Schema struct {
	root  *node
	nodes int    // number of nodes
	quick *quick // nil when the schema uses a keyword that the quick checker does not support
}

// Every location outside the schema itself is refused: a schema must never make
// the server read a file or open a connection.
type refusingLoader struct{}

func (refusingLoader) Load(url string) (any, error) { return nil, errForeign }

// The base URL of relative references, and the URL of the schema below it. The
// base has a path, so that two relative references differ; no $ref of an ordinary
// schema leads to the schema by accident.
const (
	baseURL = "maestro:///-/"
	textURL = baseURL + "-text-"
)

// Compile checks raw against its meta-schema (2020-12 unless $schema says
// otherwise) and compiles it. Empty text and null mean "no schema": the
// result is nil. The error is an *model.Error with CodeSchemaInvalid.
func Compile(raw json.RawMessage) (*Schema, error) {
	trimmed := bytes.TrimSpace(raw)
	if len(trimmed) == 0 || string(trimmed) == "null" {
		return nil, nil
	}
	if len(trimmed) > MaxSchemaBytes {
		return nil, invalid("the schema has %d bytes, at most %d are allowed. Make it smaller", len(trimmed), MaxSchemaBytes)
	}
	if err := Scan(trimmed); err != nil {
		return nil, invalid("the schema can't be read: %v", err)
	}
	switch trimmed[0] {
	case '{', 't', 'f':
	default:
		return nil, invalid("a schema is a JSON object, or true or false")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(trimmed))
	if err != nil {
		return nil, invalid("the schema can't be read: %v", err)
	}
	if err := measure(doc); err != nil {
		return nil, err
	}
	expressions := &patterns{known: map[string]*pattern{}}
	if problems := badPatterns(expressions, doc, ""); len(problems) > 0 {
		e := invalid("a pattern in the schema is not a regular expression of RE2. Write it without look-around and back-references")
		for _, p := range problems {
			if p.Message == errPatternsTooLarge.Error() {
				e = invalid("the patterns in the schema are too large. Use minLength and maxLength to bound lengths, or smaller repetitions")
			}
		}
		e.Problems = problems
		return nil, e
	}
	boundCounts(doc, false)
	return build(expressions, trimmed, doc, refusingLoader{}, jsonschema.Draft2020)
}

// build compiles a document whose size and patterns were checked, by the rules of
// draft unless $schema names another.
func build(expressions *patterns, text []byte, doc any, loader jsonschema.URLLoader, draft *jsonschema.Draft) (*Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(draft)
	c.AssertFormat()
	c.UseLoader(loader)
	c.UseRegexpEngine(func(text string) (jsonschema.Regexp, error) { return expressions.compile(text) })
	for _, known := range format.All() {
		// The library gets the name only: it validates the schema itself, against
		// the meta-schemas.
		c.RegisterFormat(&jsonschema.Format{Name: known.Name, Validate: known.CheckValue})
	}
	b := builder{nodes: map[*jsonschema.Schema]*node{}}
	if needsScopes(text) {
		b.scope = newScopes(doc)
		c.RegisterVocabulary(b.scope.vocabulary())
		c.AssertVocabs()
	}
	if err := c.AddResource(textURL, doc); err != nil {
		return nil, compileError(doc, err)
	}
	compiled, err := c.Compile(textURL)
	if err != nil {
		return nil, compileError(doc, err)
	}
	root := b.node(compiled)
	if b.err != nil {
		return nil, invalid("the schema can't be used: %v", b.err)
	}
	return &Schema{root: root, nodes: len(b.nodes), quick: newQuick(compiled)}, nil
}

func invalid(format string, args ...any) *model.Error {
	return model.NewError(model.CodeSchemaInvalid, format, args...)
}

// badPatterns finds the regular expressions that RE2 refuses, so that the error has
// their locations. It searches only the places of keywords; a property named
// "pattern" has an object as its value.
func badPatterns(expressions *patterns, doc any, pointer string) []model.Problem {
	var problems []model.Problem
	report := func(at, pattern string) {
		if len(problems) >= maxProblems {
			return
		}
		if _, err := expressions.compile(pattern); err != nil {
			problems = append(problems, model.Problem{Pointer: at, Message: err.Error()})
		}
	}
	switch doc := doc.(type) {
	case map[string]any:
		if p, ok := doc["pattern"].(string); ok {
			report(pointer+"/pattern", p)
		}
		if patterns, ok := doc["patternProperties"].(map[string]any); ok {
			for p := range patterns {
				report(pointer+"/patternProperties/"+EscapePointer(p), p)
			}
		}
		for key, value := range doc {
			switch key {
			case "const", "enum", "default", "examples":
			default:
				problems = append(problems, badPatterns(expressions, value, pointer+"/"+EscapePointer(key))...)
			}
		}
	case []any:
		for i, value := range doc {
			problems = append(problems, badPatterns(expressions, value, fmt.Sprintf("%s/%d", pointer, i))...)
		}
	}
	return problems
}
