package schema

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestScanAnswersLikeTheGrammar(t *testing.T) {
	t.Parallel()
	good := []string{
		`0`, ` -0 `, `1.5e-3`, `"a\u0000\ud800\n"`, `[]`, `[1,[2,{"a":null}]]`, `{"a":1,"a":2}`, `true`,
		`1e308`, `0e999999`, `0.0e-5000`, strings.Repeat("9", MaxIntegerDigits),
		strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), "\"\u2028\U0001f600\"",
	}
	for _, text := range good {
		require.NoError(t, Scan([]byte(text)), text)
		require.True(t, json.Valid([]byte(text)), text)
	}
	bad := []string{
		``, ` `, `{`, `[1,]`, `{"a":1,}`, `{a:1}`, `01`, `-`, `1.`, `.5`, `1e`, `+1`, `nul`, `truex`, `"a`, `"\x"`, `"\u12"`,
		"\"\n\"", `1 2`, `[1 2]`, `NaN`, `Infinity`, `'a'`, `{"a" 1}`, `{"a":}`, `[`, `"\`, `//`,
	}
	for _, text := range bad {
		var syntax *SyntaxError
		require.ErrorAs(t, Scan([]byte(text)), &syntax, text)
		require.False(t, json.Valid([]byte(text)), text)
	}
	limits := []string{
		`1e400`, `-1e309`, `1e-400`, `[1e1000000]`, strings.Repeat("9", MaxIntegerDigits+1), `1.` + strings.Repeat("1", MaxIntegerDigits),
		strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
		strings.Repeat(`{"a":`, MaxDepth+1) + "1" + strings.Repeat("}", MaxDepth+1),
	}
	for _, text := range limits {
		var limit *LimitError
		require.ErrorAs(t, Scan([]byte(text)), &limit, text[:min(len(text), 10)])
	}
	var syntax *SyntaxError
	require.ErrorAs(t, Scan([]byte("\"ab\xff\"")), &syntax)
	require.Equal(t, 3, syntax.Offset)
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,"x\u00e9",null,true]}`, `[1e400]`, `"\ud800"`, `01`, "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := Scan(text)
		var syntax *SyntaxError
		if errors.As(err, &syntax) && syntax.Message != "the text is not valid UTF-8" {
			require.False(t, json.Valid(text), "refused, but encoding/json takes it: %q", text)
		}
		if err == nil {
			require.True(t, json.Valid(text), "taken, but encoding/json refuses it: %q", text)
		}
	})
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ schema, says, pointer string }{
		"not an object":       {`[1]`, "JSON object", ""},
		"not JSON":            {`{"type":`, "can't be read", ""},
		"wrong type":          {`{"type":"strin"}`, "does not follow", "/type"},
		"wrong keyword value": {`{"properties":{"a":{"minLength":"x"}}}`, "does not follow", "/properties/a/minLength"},
		"look-ahead":          {`{"properties":{"a":{"pattern":"(?=x)"}}}`, "RE2", "/properties/a/pattern"},
		"pattern property":    {`{"patternProperties":{"a/(?!b)":{}}}`, "RE2", "/patternProperties/a~1(?!b)"},
		"foreign reference":   {`{"$ref":"https://example.com/a.json"}`, "not allowed", ""},
		"reference to a file": {`{"$ref":"file:///etc/passwd"}`, "not allowed", ""},
		"relative reference":  {`{"properties":{"a":{"$ref":"address.json"}}}`, "another document (address.json)", ""},
		"root's neighbour":    {`{"$ref":"/address.json"}`, "another document (/address.json)", ""},
		"dangling reference":  {`{"$ref":"#/$defs/a"}`, "the reference #/$defs/a leads nowhere", ""},
		"dangling anchor":     {`{"$ref":"#a"}`, "the reference #a leads nowhere", ""},
		"unknown meta-schema": {`{"$schema":"https://example.com/schema#"}`, "the $schema https://example.com/schema is not known", ""},
		"draft 3":             {`{"$schema":"http://json-schema.org/draft-03/schema#"}`, "the $schema http://json-schema.org/draft-03/schema is not known", ""},
		"no identifier":       {`{"$defs":{"a":{"$id":"%zz"}}}`, "the $id at #/$defs/a is not a URI reference", ""},
		"an anchor twice":     {`{"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}`, "the anchor x is there twice", ""},
		"an identifier twice": {`{"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}}`, "the $id x is there twice", ""},
		"huge number":         {`{"maximum":1e1000000}`, "can't be read", ""},
		"huge pattern":        {`{"properties":{"a":{"pattern":"(x{1000}){1000}"}}}`, "RE2", "/properties/a/pattern"},
		"long pattern":        {`{"pattern":"` + strings.Repeat("x", maxPatternBytes+1) + `"}`, "RE2", "/pattern"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile(json.RawMessage(c.schema))
			var e *model.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, model.CodeSchemaInvalid, e.Code)
			require.Contains(t, e.Detail, c.says)
			require.NotContains(t, e.Detail, "maestro:")
			if c.pointer != "" {
				require.NotEmpty(t, e.Problems)
				require.Equal(t, c.pointer, e.Problems[0].Pointer)
			}
		})
	}
}

func TestAProblemIsNamedOnce(t *testing.T) {
	t.Parallel()
	s, err := Compile(json.RawMessage(`{"oneOf":[{"required":["a"],"minProperties":2},{"required":["a"]}]}`))
	require.NoError(t, err)
	problems, err := s.Validate(t.Context(), noDeadline, []byte(`{}`))
	require.NoError(t, err)
	require.Len(t, problems, 2)
}

// Identifiers and references without a host stand for different documents, and
// counts of any size mean what they say.
func TestRelativeIdentifiersAndHugeCounts(t *testing.T) {
	t.Parallel()
	for schema, values := range map[string]struct{ good, bad []string }{
		`{"$id":"person.json","properties":{"name":{"$ref":"name.json"},"of":{"$ref":"person.json"}},"$defs":{"n":{"$id":"name.json","type":"string"},"m":{"$id":"other.json"}}}`: {
			[]string{`{"name":"Ada","of":{"name":"Bob"}}`}, []string{`{"name":1}`, `{"of":{"name":1}}`}},
		`{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"b.json","definitions":{"b":{"$id":"b.json","type":"integer"}}}`: {[]string{`1`}, []string{`"x"`}},
		`{"maxLength":18446744073709551616}`:                                           {[]string{`"x"`, `1`}, nil},
		`{"maxLength":18446744073709551615,"maxItems":1e300}`:                          {[]string{`"x"`, `[1]`}, nil},
		`{"minLength":18446744073709551617}`:                                           {nil, []string{`"x"`, `""`}},
		`{"properties":{"const":{"minItems":18446744073709551616}},"minProperties":0}`: {[]string{`{}`}, []string{`{"const":[]}`}},
		`{"const":{"maxLength":18446744073709551616}}`:                                 {[]string{`{"maxLength":18446744073709551616}`}, []string{`{"maxLength":9007199254740992}`}},
	} {
		s, err := Compile(json.RawMessage(schema))
		require.NoError(t, err, schema)
		for _, value := range values.good {
			problems, err := s.Validate(t.Context(), noDeadline, []byte(value))
			require.NoError(t, err)
			require.Empty(t, problems, "%s: %s", schema, value)
		}
		for _, value := range values.bad {
			problems, err := s.Validate(t.Context(), noDeadline, []byte(value))
			require.NoError(t, err)
			require.NotEmpty(t, problems, "%s: %s", schema, value)
		}
	}
}

func TestNoSchemaAcceptsEverything(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "null", "  "} {
		s, err := Compile(json.RawMessage(raw))
		require.NoError(t, err)
		problems, err := s.Validate(context.Background(), noDeadline, []byte(`{"a":1}`))
		require.NoError(t, err)
		require.Empty(t, problems)
	}
}

const order = `{
  "type": "object",
  "properties": {
    "id": {"type": "integer", "minimum": 1, "maximum": 1000},
    "price": {"type": "number", "minimum": 0},
    "state": {"enum": ["new", "paid"]},
    "mail": {"type": "string", "format": "email"},
    "code": {"type": "string", "pattern": "^[A-Z]+$", "minLength": 2, "maxLength": 4},
    "when": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
    "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "minItems": 1, "maxItems": 3}
  },
  "required": ["id"],
  "additionalProperties": false,
  "$defs": {"line": {"type": "object", "properties": {"sku": {"type": "string"}, "sub": {"$ref": "#/$defs/line"}}, "required": ["sku"]}}
}`

func TestValidateSaysWhereAndWhat(t *testing.T) {
	t.Parallel()
	s, err := Compile(json.RawMessage(order))
	require.NoError(t, err)
	require.NotNil(t, s.quick, "the quick checker knows all that this schema uses")
	good := []string{
		`{"id":1}`, `{"id":1000,"price":0.5,"state":"paid","mail":"a@b.de","code":"ABC"}`,
		`{"id":7,"when":null,"lines":[{"sku":"a","sub":{"sku":"b"}}]}`, `{"id":2,"when":"2026-01-01T00:00:00Z"}`,
	}
	for _, text := range good {
		require.True(t, s.quick.accepts([]byte(text), nil), text)
		problems, err := s.Validate(context.Background(), noDeadline, []byte(text))
		require.NoError(t, err)
		require.Empty(t, problems, text)
	}
	slow := []string{`{"id":1.0}`, `{"\u0069d":1}`, `{"id":5,"price":0}`, `{"id":5,"state":"p\u0061id"}`}
	for _, text := range slow {
		problems, err := s.Validate(context.Background(), noDeadline, []byte(text))
		require.NoError(t, err)
		require.Empty(t, problems, text)
	}
	bad := map[string]string{
		`{}`:                                      "",
		`{"id":0}`:                                "/id",
		`{"id":1.5}`:                              "/id",
		`{"id":1,"price":-0.1}`:                   "/price",
		`{"id":1,"state":"gone"}`:                 "/state",
		`{"id":1,"mail":"nobody"}`:                "/mail",
		`{"id":1,"code":"abc"}`:                   "/code",
		`{"id":1,"code":"ABCDE"}`:                 "/code",
		`{"id":1,"lines":[]}`:                     "/lines",
		`{"id":1,"lines":[{"sku":"a","sub":{}}]}`: "/lines/0/sub",
		`{"id":1,"extra":1}`:                      "",
		`[]`:                                      "",
		`{"id":1,"when":"soon"}`:                  "/when",
	}
	for text, pointer := range bad {
		problems, err := s.Validate(context.Background(), noDeadline, []byte(text))
		require.NoError(t, err)
		require.NotEmpty(t, problems, text)
		require.Equal(t, pointer, problems[0].Pointer, text)
		require.NotEmpty(t, problems[0].Message)
	}
}

func TestLongTextsObeyTheDeadline(t *testing.T) {
	t.Parallel()
	s, err := Compile(json.RawMessage(`{"uniqueItems":true}`))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	text := []byte("[" + strings.Repeat(`{"a":[1,2,3]},`, 200_000) + "0]")
	_, err = s.Validate(ctx, noDeadline, text)
	require.ErrorIs(t, err, ErrDeadline)
}

func TestShape(t *testing.T) {
	t.Parallel()
	require.Equal(t, ObjectShape{AllowsObject: true}, Shape(nil))
	require.Equal(t, ObjectShape{}, Shape(json.RawMessage(`{"type":"string"}`)))
	require.Equal(t, ObjectShape{AllowsObject: true, Properties: []string{"body", "query"}},
		Shape(json.RawMessage(`{"type":["null","object"],"properties":{"query":{},"body":true}}`)))
}
