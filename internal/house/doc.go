// Package house holds the tests of the rules that docs/architecture.md sets:
// who may import whom, where C may be, how long a file may grow, and that the
// documents' links lead somewhere.
//
// It must not contain anything but tests.
package house
