// Package schema compiles JSON Schemas and validates JSON text against them.
//
// Compile gives the one answer that counts to the library
// (santhosh-tekuri/jsonschema, docs/adr/0003); a checker of our own, made from
// the library's compiled form, answers the common cases straight from the
// bytes, and whatever it is not sure of goes to the library. It can therefore
// be wrong in one direction only, towards asking once more.
//
// The package never fetches anything, knows no functions and no tenants, and
// must not change the values that it looks at: "default" is not applied.
package schema
