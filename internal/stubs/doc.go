// Package stubs writes stubs of types for editors and type checkers: of the module
// maestro, of the fixture of tests, and of the functions of a folder, which call each
// other by names that no import binds.
//
// It must not run the code of functions, and it does not need a server.
package stubs
