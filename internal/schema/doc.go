// Package schema compiles JSON Schemas and validates JSON text against them.
//
// Compile resolves and checks a schema by the library santhosh-tekuri/jsonschema
// (docs/adr/0003). Our own evaluation then walks the compiled form: in bounded
// memory, until a deadline, in the goroutine of the caller. Before that, a quick
// checker that works directly on the bytes accepts the common cases, and leaves all
// other values to the evaluation. A gap in the quick checker therefore costs time,
// not correctness.
//
// The package never fetches documents, knows no functions and no tenants, and must
// not change the values that it validates: "default" is not applied.
package schema
