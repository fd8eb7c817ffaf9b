// Package scheduler starts the runs of schedules when they are due, watches the
// other servers, and deletes records that have expired.
//
// It must not run a function itself: that is the engine's. And it keeps
// nothing in memory that another server would have to know: due times stand
// in the database, where one server claims each.
package scheduler
