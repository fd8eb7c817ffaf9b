// Package postgres runs a PostgreSQL server of Maestro's own as a child
// process, for servers without DATABASE_URL.
//
// It finds the machine's binaries (or installs some), makes a cluster in the
// data folder once, and runs it behind a Unix socket that no other user can
// reach. The child ends with its parent, however that one ends. The package
// must not know the schema or speak SQL.
package postgres
