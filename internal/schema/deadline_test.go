package schema

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// joined makes n parts with commas between.
func joined(n int, part func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = part(i)
	}
	return strings.Join(parts, ",")
}

// chain is a schema of levels that each ask the next one twice.
func chain(levels int, keyword, last string) string {
	defs := joined(levels, func(i int) string {
		next := fmt.Sprintf(`{"$ref":"#/$defs/d%d"}`, i+1)
		return fmt.Sprintf(`"d%d":{%q:[%s,%s]}`, i, keyword, next, next)
	})
	return fmt.Sprintf(`{"$ref":"#/$defs/d0","$defs":{%s,"d%d":%s}}`, defs, levels, last)
}

func plainItem(i int) string { return fmt.Sprint(i) }

// expensive are values and schemas that a validator can spend minutes to
// years on, in every keyword that multiplies work.
var expensive = map[string]struct{ schema, value string }{
	"allOf 2^40":                {chain(40, "allOf", `{"minimum":0}`), `1`},
	"anyOf 2^40 over $ref":      {chain(40, "anyOf", `{"type":"string"}`), `1`},
	"oneOf 2^40":                {chain(40, "oneOf", `{"type":"string"}`), `1`},
	"not within not":            {chain(40, "allOf", `{"not":{"not":{"minimum":0}}}`), `1`},
	"allOf of objects":          {chain(40, "allOf", `{"required":["a"]}`), `{"a":1}`},
	"if then":                   {chain(40, "allOf", `{"if":{"const":1},"then":{"minimum":0}}`), `1`},
	"unevaluatedProperties":     {chain(40, "anyOf", `{"properties":{"a":true}}`)[:1] + `"unevaluatedProperties":false,` + chain(40, "anyOf", `{"properties":{"a":true}}`)[1:], `{"a":1}`},
	"dependentSchemas":          {chain(40, "allOf", `{"dependentSchemas":{"a":{"minProperties":1}}}`), `{"a":1}`},
	"dynamicRef":                {`{"$id":"a:b","$dynamicAnchor":"n","type":["array","integer"],"allOf":[{"items":{"$dynamicRef":"#n"}},{"items":{"$dynamicRef":"#n"}}]}`, strings.Repeat("[", 60) + "1" + strings.Repeat("]", 60)},
	"items of items":            {`{"allOf":[{"items":{"$ref":"#"}},{"items":{"$ref":"#"}}]}`, strings.Repeat("[", 60) + "1" + strings.Repeat("]", 60)},
	"contains of contains":      {`{"$defs":{"c":{"anyOf":[{"contains":{"$ref":"#/$defs/c"}},{"contains":{"$ref":"#/$defs/c"}},{"const":7}]}},"$ref":"#/$defs/c"}`, strings.Repeat("[", 60) + "1" + strings.Repeat("]", 60)},
	"pattern on a long text":    {`{"pattern":"(a?){500}b(a?){500}b(a?){500}$"}`, `"` + strings.Repeat("a", 4<<20) + `"`},
	"patternProperties of many": {`{"patternProperties":{` + joined(3000, func(i int) string { return fmt.Sprintf(`"[ab]{3}%d$":true`, i) }) + `}}`, `{` + joined(100_000, func(i int) string { return fmt.Sprintf(`"k%dabab":1`, i) }) + `}`},
	"propertyNames of many":     {`{"propertyNames":{"anyOf":[` + joined(3000, func(i int) string { return fmt.Sprintf(`{"const":"x%d"}`, i) }) + `,true]}}`, `{` + joined(100_000, func(i int) string { return fmt.Sprintf(`"k%d":1`, i) }) + `}`},
	"multipleOf":                {`{"items":{"allOf":[` + joined(400, func(i int) string { return fmt.Sprintf(`{"multipleOf":1e-%d}`, 300-i%100) }) + `]}}`, `[` + joined(100_000, func(int) string { return "1e300" }) + `]`},
	"many large numbers":        {`{"items":{"allOf":[` + joined(2000, func(i int) string { return fmt.Sprintf(`{"maximum":1e%d}`, 308-i%100) }) + `]}}`, `[` + joined(2000, func(int) string { return strings.Repeat("7", 4000) }) + `]`},
	"contains of many":          {`{"allOf":[` + joined(2000, func(i int) string { return fmt.Sprintf(`{"contains":{"const":%d},"minContains":0}`, i) }) + `]}`, `[` + joined(500_000, plainItem) + `]`},
	"required of many":          {`{"items":{"required":[` + joined(20_000, func(i int) string { return fmt.Sprintf(`"r%d"`, i) }) + `]}}`, `[{` + joined(20_000, func(i int) string { return fmt.Sprintf(`"r%d":1`, i) }) + `}` + strings.Repeat(`,{`+joined(5, func(i int) string { return fmt.Sprintf(`"r%d":1`, i) })+`}`, 3) + `]`},
	"white space":               {`{"allOf":[` + joined(3000, func(i int) string { return fmt.Sprintf(`{"properties":{"a":{"maximum":%d}}}`, i+1) }) + `]}`, `{"a":` + strings.Repeat(" ", 8<<20) + `1}`},
	"chain of $ref in depth":    {`{"$ref":"#/$defs/d0","$defs":{` + joined(3000, func(i int) string { return fmt.Sprintf(`"d%d":{"$ref":"#/$defs/d%d"}`, i, i+1) }) + `,"d3000":{"items":{"$ref":"#"}}}}`, strings.Repeat("[", 500) + strings.Repeat("]", 500)},
	"one problem each":          {`{"items":{"type":"string","minLength":3}}`, strings.Repeat("[", 400) + joined(500_000, plainItem) + strings.Repeat("]", 400)},
}

// No validation goes on after its deadline, and none leaves a goroutine behind:
// it works in the caller's, so an endless one would never return.
func TestEveryValidationEndsWithItsDeadline(t *testing.T) {
	t.Parallel()
	for name, c := range expensive {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, Scan([]byte(c.value)))
			s, err := Compile(json.RawMessage(c.schema))
			require.NoError(t, err)
			problems, err := s.Validate(context.Background(), time.Now().Add(50*time.Millisecond), []byte(c.value))
			if err != nil {
				require.ErrorIs(t, err, ErrDeadline)
			}
			require.LessOrEqual(t, len(problems), maxProblems)
		})
	}
}

// Checks that are quadratic in the library take time proportional to the value here
// and need no deadline.
func TestManyEntriesAreLookedUpNotCompared(t *testing.T) {
	t.Parallel()
	objects := `[` + joined(100_000, func(i int) string { return fmt.Sprintf(`{"id":%d,"tags":["a","b"]}`, i) })
	for name, c := range map[string]struct {
		schema, value string
		fits          bool
	}{
		"enum of numbers":      {`{"items":{"enum":[` + joined(20_000, plainItem) + `]}}`, `[` + joined(20_000, func(i int) string { return fmt.Sprintf("%d.0", 19_999-i) }) + `]`, true},
		"enum of strings":      {`{"items":{"enum":[` + joined(20_000, func(i int) string { return fmt.Sprintf(`"%d"`, i) }) + `]}}`, `[` + joined(20_000, func(i int) string { return fmt.Sprintf(`"%d"`, 19_999-i) }) + `]`, true},
		"enum, none of them":   {`{"items":{"enum":[` + joined(20_000, plainItem) + `]}}`, `[` + joined(20_000, func(i int) string { return fmt.Sprint(-1 - i) }) + `]`, false},
		"unique objects":       {`{"uniqueItems":true}`, objects + `]`, true},
		"a repeated object":    {`{"uniqueItems":true}`, objects + `,{"tags":["a","b"],"id":5e0}]`, false},
		"unique small arrays":  {`{"uniqueItems":true}`, `[` + joined(100_000, func(i int) string { return fmt.Sprintf(`[%d,%d]`, i%317, i) }) + `]`, true},
		"equal, other spelled": {`{"uniqueItems":true}`, `[1.0,100,1e2]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Compile(json.RawMessage(c.schema))
			require.NoError(t, err)
			problems, err := s.Validate(context.Background(), noDeadline, []byte(c.value))
			require.NoError(t, err)
			require.Equal(t, c.fits, len(problems) == 0, "%v", problems)
		})
	}
}

// A schema that would take long to compile, or much memory to keep, is refused.
func TestSchemasThatCostTooMuchAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ schema, says string }{
		"900 repetitions":     {`{"patternProperties":{` + joined(900, func(i int) string { return fmt.Sprintf(`"x{1000}%d":true`, i) }) + `}}`, "too large"},
		"repeated repetition": {`{"pattern":"((x{30}){30}){30}y{999}(z{99}){99}"}`, "RE2"}, // which RE2 itself refuses
		"classes":             {`{"allOf":[` + joined(3, func(i int) string { return `{"pattern":"` + strings.Repeat(`\\pL`, 1000+i) + `"}` }) + `]}`, "too large"},
		"subschemas":          {`{"allOf":[` + joined(50_000, func(int) string { return "true" }) + `]}`, "too large"},
		"identifiers":         {`{"$defs":{` + joined(6000, func(i int) string { return fmt.Sprintf(`"p%d":{"$id":"a:%d"}`, i, i) }) + `}}`, "too large"},
		"references outside":  {`{"allOf":[` + joined(2000, func(i int) string { return fmt.Sprintf(`{"$ref":"#/x/%d"}`, i) }) + `],"x":[` + joined(2000, func(int) string { return `{"a":1}` }) + `]}`, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile(json.RawMessage(c.schema))
			require.ErrorContains(t, err, c.says)
		})
	}
	for name, schema := range map[string]string{
		"lengths":          `{"properties":{` + joined(40, func(i int) string { return fmt.Sprintf(`"p%d":{"pattern":"^[a-z%d]{1,1000}$"}`, i, i) }) + `}}`,
		"classes":          `{"pattern":"^[\\p{L}\\p{N} '-]{1,255}$"}`,
		"9,000 properties": `{"properties":{` + joined(9000, func(i int) string { return fmt.Sprintf(`"p%d":{"type":"string"}`, i) }) + `}}`,
		"components": `{"$ref":"#/components/schemas/s0","components":{"schemas":{` + joined(300, func(i int) string {
			return fmt.Sprintf(`"s%d":{"properties":{"next":{"$ref":"#/components/schemas/s%d"}}}`, i, (i+1)%300)
		}) + `}}}`,
		"one pattern often": `{"properties":{` + joined(2000, func(i int) string { return fmt.Sprintf(`"p%d":{"pattern":"^.{1,255}$"}`, i) }) + `}}`,
	} {
		_, err := Compile(json.RawMessage(schema))
		require.NoError(t, err, name)
	}
}
