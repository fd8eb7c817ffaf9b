// Package changes tells this server of the changes that any server made: to
// functions, webhooks, secrets, access, subtenants. Copies of the database's data
// in memory stay true that way.
//
// A change is told twice over. PostgreSQL notifies with the commit, which
// takes milliseconds. And each change is counted in a table, in the same
// transaction: after a lost connection, and every few seconds besides, the
// counts are compared with those known here, so that none is missed, with or
// without its notification.
//
// It must not know what a change means, and must not keep anything but counts.
// A server hears of its own changes too; forgetting something twice is
// harmless.
package changes
