// Package schema compiles JSON Schemas and validates JSON text against them.
//
// Compile has the library (santhosh-tekuri/jsonschema, docs/adr/0003) resolve
// and check a schema. An evaluation of our own walks what the library made of
// it: in bounded memory, until a deadline, in the caller's goroutine. A checker
// straight on the bytes answers the common cases before that, and leaves to the
// evaluation what it is not sure of. It can therefore be wrong in one direction
// only, towards asking once more.
//
// The package never fetches anything, knows no functions and no tenants, and
// must not change the values that it looks at: "default" is not applied.
package schema
