// Package house holds the tests of the rules in docs/architecture.md: permitted
// imports, the place of C, the length of files, the wording of texts, and valid
// links in documents.
//
// It must not contain anything but tests.
package house
