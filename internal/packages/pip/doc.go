// Package pip runs pip as a child process: to find out which wheels a set of
// requirements comes to, and to unpack wheels into folders of their own.
//
// A child gets an environment of its own, without anything of the server's but
// what pip itself is told by; credentials of an index are in its environment
// alone, and are masked in every line that comes out of here. It must not
// decide what may be installed, and must not run anything of a package, unless
// source builds are allowed.
package pip
