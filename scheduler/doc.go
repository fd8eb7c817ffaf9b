// Package scheduler does the work that no request waits for: it starts the runs
// of schedules when they are due, and brings asynchronous runs to the engine.
//
// It must not run a function itself: that is the engine's. And it keeps nothing
// in memory that another server would have to know: due times and pending runs
// stand in the database, where one server claims each.
package scheduler
