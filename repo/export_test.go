package repo

import "maestro/repo/dbsqlc"

// Queries lets a test run single queries.
func (d *DB) Queries() *dbsqlc.Queries { return d.q }

// UUID is uuid.
var UUID = uuid
