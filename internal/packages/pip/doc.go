// Package pip runs pip as a child process: to resolve a set of requirements to
// wheels, and to unpack wheels into separate folders.
//
// A child gets its own environment, with only those of the server's settings
// that configure pip. Credentials of an index are passed in its environment
// only, and are masked in every line of output. It must not decide what may be
// installed, and must not run a package's code, unless source builds are
// allowed.
package pip
