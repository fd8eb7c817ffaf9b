package format

import (
	"errors"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// borrowed are the formats that the schema library checks as the official
// suite demands, each with what a text of the format looks like. The library's
// own reasons name Go's layouts and functions.
var borrowed = map[string]string{
	"date":                  "it must be a day of the calendar as year-month-day, as in 2026-01-31",
	"uuid":                  "it must be 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12, with hyphens between",
	"ipv6":                  "it must be an IPv6 address without zone and prefix length, as in 2001:db8::1",
	"json-pointer":          "it must be empty or start with /, and each ~ must be followed by 0 or 1",
	"relative-json-pointer": "it must be a number without leading zeros, followed by # or by a JSON pointer, as in 1/name",
	"semver":                "it must be major.minor.patch without leading zeros, as in 1.2.0, 1.2.0-rc.1 or 1.2.0+5",
}

// borrow returns the library's check of a format, with the reason above as its error.
func borrow(name string) func(string) error {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("maestro:format", map[string]any{"format": name}); err != nil {
		panic(err) // the document is ours
	}
	validate := compiler.MustCompile("maestro:format").Format.Validate
	wrong := errors.New(borrowed[name])
	return func(text string) error {
		if validate(text) != nil {
			return wrong
		}
		return nil
	}
}
