package schema

import (
	"encoding/json"
	"math/big"
	"strings"
)

// The cost of compiling grows with the square of some counts, because of lookups in
// the library; these bounds limit it to half a second for every text.
const (
	// maxSubschemas bounds the objects and booleans of a schema, each of which
	// may be a subschema.
	maxSubschemas = 10_000
	// maxResourceWork bounds the product of subschemas and $ids.
	maxResourceWork = 20_000_000
	// maxOutsideWork bounds the product of subschemas and references to places
	// where no keyword has a subschema, such as #/components/schemas/x.
	maxOutsideWork = 2_000_000
)

// measure refuses a schema that would take too long to compile. The error is
// an *model.Error with CodeSchemaInvalid.
func measure(doc any) error {
	subschemas, ids := 0, 0
	outside := map[string]bool{}
	var count func(v any)
	count = func(v any) {
		switch v := v.(type) {
		case bool:
			subschemas++
		case []any:
			for _, item := range v {
				count(item)
			}
		case map[string]any:
			subschemas++
			for name, value := range v {
				text, isText := value.(string)
				switch {
				case isText && (name == "$id" || name == "id"):
					ids++
				case isText && name == "$ref" && leadsOutside(text):
					outside[text] = true
				}
				count(value)
			}
		}
	}
	count(doc)
	if subschemas > maxSubschemas || ids*subschemas > maxResourceWork || len(outside)*subschemas > maxOutsideWork {
		return invalid("the schema is too large: it has %d objects and booleans (at most %d are allowed), %d identifiers and %d references to places outside of $defs. "+
			"Make it smaller, or move the referenced schemas into $defs", subschemas, maxSubschemas, ids, len(outside))
	}
	return nil
}

// The keywords with subschemas: one, a list, or one per name.
var (
	oneSubschema = setOf("additionalItems additionalProperties contains contentSchema else if items not propertyNames then unevaluatedItems unevaluatedProperties")
	listed       = setOf("allOf anyOf oneOf prefixItems items")
	byName       = setOf("$defs definitions dependencies dependentSchemas patternProperties properties")
)

func setOf(names string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(names) {
		set[name] = true
	}
	return set
}

// leadsOutside reports a reference by JSON pointer to a place that is not the
// subschema of a keyword.
func leadsOutside(ref string) bool {
	_, pointer, ok := strings.Cut(ref, "#/")
	if !ok {
		return false
	}
	tokens := strings.Split(pointer, "/")
	for i := 0; i < len(tokens); i++ {
		name := tokens[i]
		switch isPlace := i+1 < len(tokens) && tokens[i+1] != "" && tokens[i+1][0] >= '0' && tokens[i+1][0] <= '9'; {
		case listed[name] && isPlace, byName[name]:
			i++
		case !oneSubschema[name]:
			return true
		}
	}
	return false
}

var counts = setOf("minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains")

// mostCounted replaces every larger count: no value has so many parts.
const mostCounted = 1 << 53

// boundCounts replaces counts that the library would truncate to 64 bits, such as
// 18446744073709551616 to 0. With names the members of doc are names chosen by the
// author, not keywords.
func boundCounts(doc any, names bool) {
	switch doc := doc.(type) {
	case []any:
		for _, item := range doc {
			boundCounts(item, false)
		}
	case map[string]any:
		for key, value := range doc {
			switch number, isNumber := value.(json.Number); {
			case names:
				boundCounts(value, false)
			case key == "const", key == "enum":
			case isNumber && counts[key]:
				if n, ok := new(big.Rat).SetString(string(number)); ok && n.Cmp(big.NewRat(mostCounted, 1)) > 0 {
					doc[key] = json.Number("9007199254740992")
				}
			default:
				boundCounts(value, byName[key])
			}
		}
	}
}
