// Package backup writes and reads the archives of `maestro backup`: a tar file with a
// manifest, the key, and the database as pg_dump writes it.
//
// It must not connect to a database, and does not decide where a part belongs.
package backup
