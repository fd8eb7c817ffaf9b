package model

// Kept says where the record of an ended run is. In each case the caller has the
// response.
type Kept uint8

const (
	// Committed is in the database.
	Committed Kept = iota
	// Spooled is on the disk of the server that ran it, until the database takes
	// it.
	Spooled
	// Unsaved is in the server's memory alone: neither the database nor the disk
	// has taken it in time, or neither ever will. Both are tried on.
	Unsaved
)

// String is the word that callers are told; "" of a record that is committed.
func (k Kept) String() string {
	switch k {
	case Spooled:
		return "spooled"
	case Unsaved:
		return "unsaved"
	default:
		return ""
	}
}
