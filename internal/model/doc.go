// Package model holds the words that the rooms of Maestro share: identifiers,
// stored objects, states, error codes, and the two small interfaces between
// the engine and the place where Python runs (Lane and Host).
//
// It imports the standard library only and must not do any work of its own:
// no input or output, no goroutines, no settings.
package model
