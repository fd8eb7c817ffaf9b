// Package crash settles what a server leaves that has died: its runs in progress are
// recorded as crashed, and the function whose code has ended it is named, blamed and,
// if that was not the first time, quarantined.
//
// Its source is the journal: the runs, and the marker that the dying process
// has written. The package must not be used while the process lives whose journal it
// reads, and it never decides on retries: the policies of the runs do.
package crash
