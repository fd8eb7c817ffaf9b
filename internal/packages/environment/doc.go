// Package environment keeps the folders of packages on this server:
//
//	wheels/<sha256>/                            one wheel, unpacked once for everyone
//	environments/<tenant>/<number>-<digest>/    the copies that a subtenant imports
//	temp/<process>/                             what is in the making
//
// Everything is made under temp and put into its place by a rename, so that a
// process that is killed leaves nothing half done where it would be found. A
// subtenant's code can write into its own environment: so files are copied, or
// cloned where the file system can, and never linked, and nobody imports from
// wheels.
//
// It must not know what is current: that stands in PostgreSQL.
package environment
