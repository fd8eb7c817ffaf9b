// Package testkit gives tests the real things: a PostgreSQL with a database of
// the test's own, a Redis, the carried Python. It is for tests alone.
//
// What takes long to make is kept from one test process to the next in a
// folder for temporary files: the cluster, the migrated template, the unpacked
// Python. Servers end with the test process, however it ends.
package testkit
