// Package environment stores the folders of packages on this server:
//
//	wheels/<sha256>/                            one wheel, unpacked once for all subtenants
//	environments/<tenant>/<number>-<digest>/    the copies that a subtenant imports
//	temp/<process>/                             folders under construction
//
// Every folder is built under temp and moved into its place by a rename, so
// that a killed process leaves no incomplete folder in its place. A
// subtenant's code can write into its own environment: so files are copied, or
// cloned where the file system supports it, and never linked, and no module is
// imported from wheels.
//
// It must not know which environment is current: PostgreSQL holds that.
package environment
