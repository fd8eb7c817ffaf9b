// Package scheduler does what nobody waits for: it starts the runs of
// schedules when they are due.
//
// It must not run a function itself: that is the engine's. And it keeps
// nothing in memory that another server would have to know: what is due stands
// in the database, where one server claims it.
package scheduler
