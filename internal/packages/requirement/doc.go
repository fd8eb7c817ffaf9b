// Package requirement parses requirements: the name of a package, with extras,
// versions and a marker, as in PEP 508.
//
// Its result becomes part of pip's command line, so it accepts only known
// forms: no option, no URL, no path, no character other than printable ASCII.
// It must not contact an index: whether a package exists is not checked here.
package requirement
