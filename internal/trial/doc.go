// Package trial runs the tests of a folder of functions: pytest, in the interpreter of
// functions, beside the functions of the folder in memory. What a test runs goes
// through the engine, as on a server: schemas are validated, siblings are resolved and
// steps are recorded, in memory.
//
// It must not need a database, a server or a network, except to install packages. The
// process that runs tests belongs to them: it must not run anything else.
package trial
