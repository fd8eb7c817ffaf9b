// Package requirement reads what people ask for: the name of a package, with
// extras, versions and a marker, in the words of PEP 508.
//
// It is what stands between a request and pip's command line, so it takes only
// what it knows: no option, no URL, no path, nothing that is not printable
// ASCII. It must not ask any index: whether there is such a package is not its
// matter.
package requirement
