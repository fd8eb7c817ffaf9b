package backup

import "time"

// Format is the number of the archives' form. A reader refuses a later one.
const Format = 1

// The parts of an archive.
const (
	Database = "database.dump" // pg_dump's custom form
	Key      = "secret_key"    // SECRET_KEY, without which the secrets in the database cannot be read
)

const manifestName = "manifest.json"

// Manifest says what an archive holds. It is the archive's last file.
type Manifest struct {
	Format   int              `json:"format"`
	Version  string           `json:"version"` // of the Maestro that wrote it
	MadeAt   time.Time        `json:"made_at"`
	Postgres int              `json:"postgres"` // the major version of the database server
	Schema   int64            `json:"schema"`   // the newest migration of the database
	Rows     map[string]int64 `json:"rows"`     // of the tables that people count
	Parts    []Part           `json:"parts"`
}

// Part is one file of an archive.
type Part struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}
