package payload

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextIsReadAsTheDeclaredType(t *testing.T) {
	t.Parallel()
	declared := DeclaredBy(json.RawMessage(`{
		"$defs": {"Page": {"type": "integer"}, "Loop": {"type": "integer", "allOf": [{"$ref": "#/$defs/Loop"}]}, "a/b c": {"type": "boolean"}},
		"type": "object",
		"properties": {
			"tags": {"type": "array", "items": {"type": "string"}},
			"ids": {"type": ["array", "null"], "items": {"$ref": "#/$defs/Page"}},
			"any": {"type": "array"},
			"page": {"type": "integer"}, "price": {"type": "number"}, "deep": {"type": "boolean"}, "zip": {"type": "string"},
			"maybe": {"type": ["integer", "null"]}, "optional": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
			"list": {"anyOf": [{"items": {"type": "integer"}, "type": "array"}, {"type": "null"}], "default": null},
			"referred": {"$ref": "#/$defs/Page"}, "within": {"allOf": [{"$ref": "#/$defs/Page"}, {"minimum": 1}]},
			"escaped": {"$ref": "#/$defs/a~1b%20c"}, "loop": {"$ref": "#/$defs/Loop"}, "itself": {"$ref": "#"},
			"either": {"type": ["integer", "string"]}, "open": {"anyOf": [{"type": "integer"}, {}]}, "level": {"enum": [1, 2]}, "one": {"const": true},
			"mixed": {"oneOf": [{"type": "boolean"}, {"type": "number"}]}, "unknown": {}, "true": true,
			"pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": {"type": "boolean"}},
			"older": {"type": "array", "items": [{"type": "integer"}], "additionalItems": {"type": "boolean"}},
			"elsewhere": {"$ref": "https://example.com/x"}, "nowhere": {"$ref": "#/$defs/None"}
		},
		"additionalProperties": {"type": "integer"}}`))
	for _, c := range []struct{ query, want string }{
		{"tags=a&tags=b", `{"tags":["a","b"]}`},
		{"tags=a", `{"tags":["a"]}`},
		{"tags=", `{"tags":[""]}`},
		{"ids=7", `{"ids":[7]}`},
		{"ids=7&ids=x", `{"ids":[7,"x"]}`},
		{"pair=7&pair=7&pair=1&pair=on", `{"pair":[7,"7",true,true]}`},
		{"pair=7", `{"pair":[7]}`},
		{"older=7&older=1", `{"older":[7,true]}`},
		{"any=7", `{"any":["7"]}`},
		{"page=2&price=1.50&deep=true&zip=01234", `{"page":2,"price":1.50,"deep":true,"zip":"01234"}`},
		{"page=%2B7", `{"page":7}`},
		{"page=+7+", `{"page":7}`},
		{"page=-0012", `{"page":-12}`},
		{"page=12345678901234567890123", `{"page":12345678901234567890123}`},
		{"page=two", `{"page":"two"}`},
		{"page=1.5", `{"page":"1.5"}`},
		{"page=", `{"page":""}`},
		{"page=1&page=2", `{"page":["1","2"]}`},
		{"price=.5", `{"price":0.5}`},
		{"price=5.", `{"price":5}`},
		{"price=1e400", `{"price":"1e400"}`},
		{"price=1,5", `{"price":"1,5"}`},
		{"price=NaN", `{"price":"NaN"}`},
		{"price=0x10", `{"price":"0x10"}`},
		{"deep=False", `{"deep":false}`},
		{"deep=on", `{"deep":true}`},
		{"deep=0", `{"deep":false}`},
		{"deep=maybe", `{"deep":"maybe"}`},
		{"maybe=3&optional=4&list=5", `{"maybe":3,"optional":4,"list":[5]}`},
		{"referred=1&within=2&escaped=true&loop=3", `{"referred":1,"within":2,"escaped":true,"loop":3}`},
		{"either=1&open=1", `{"either":"1","open":"1"}`},
		{"level=1&one=true", `{"level":1,"one":true}`},
		{"mixed=1.5", `{"mixed":1.5}`},
		{"mixed=true", `{"mixed":true}`},
		{"unknown=1&true=1&elsewhere=1&nowhere=1&itself=1", `{"unknown":"1","true":"1","elsewhere":"1","nowhere":"1","itself":"1"}`},
		{"more=9", `{"more":9}`},
	} {
		fields, err := ReadQuery(nil, []byte(c.query))
		require.NoError(t, err)
		require.Equal(t, c.want, string(AppendFields(nil, fields, declared, nil)), c.query)
		got, err := read("application/x-www-form-urlencoded", c.query, declared)
		require.NoError(t, err)
		require.Equal(t, c.want, got, c.query)
	}
	one := func(name, text string) string {
		return string(declared.Property([]byte(name)).AppendOne(nil, []byte(text)))
	}
	require.Equal(t, []string{`[7]`, `["a"]`, `2`, `"01"`, `[7]`}, []string{one("ids", "7"), one("tags", "a"), one("page", "2"), one("zip", "01"), one("pair", "7")})
	long := strings.Repeat("9", 5000)
	require.Equal(t, `"`+long+`"`, string(declared.Property([]byte("page")).AppendText(nil, []byte(long))))
	require.Nil(t, DeclaredBy(nil))
	require.Nil(t, DeclaredBy(json.RawMessage(`true`)))
	require.Equal(t, `"1"`, string((*Declared)(nil).Property([]byte("x")).AppendText(nil, []byte("1"))))
}

// A schema of few bytes can stand for more branches than could ever be looked at.
func TestReadingASchemaIsBounded(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(`{"$defs":{"d0":{"type":"integer"}`)
	for i := range 40 {
		fmt.Fprintf(&text, `,"d%d":{"anyOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i+1, i, i)
	}
	text.WriteString(`},"properties":{"n":{"$ref":"#/$defs/d40"},"deep":` + strings.Repeat(`{"items":`, 400) + `{}` + strings.Repeat(`}`, 400) + `}}`)
	declared := DeclaredBy(json.RawMessage(text.String()))
	require.Equal(t, "7", string(declared.Property([]byte("n")).AppendText(nil, []byte("7"))))
}
