package format

import (
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// borrowed are the formats that the schema library checks as the official
// suite demands; it hands them out in compiled schemas only.
var borrowed = []string{"date", "uuid", "ipv6", "json-pointer", "relative-json-pointer", "semver"}

func borrow(name string) func(string) error {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("maestro:format", map[string]any{"format": name}); err != nil {
		panic(err) // the document is ours
	}
	validate := compiler.MustCompile("maestro:format").Format.Validate
	return func(text string) error { return validate(text) }
}
