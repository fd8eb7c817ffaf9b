// Package testkit provides tests with real services: a PostgreSQL with a database
// for each test, a Redis, the embedded Python. It is for tests alone.
//
// Data that takes long to create is kept from one test process to the next in a
// folder for temporary files: the cluster, the migrated template, the unpacked
// Python. Servers end with the test process, even if it is killed.
package testkit
