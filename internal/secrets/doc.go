// Package secrets keeps the values of subtenants' secrets at hand: encrypted in
// the database, in clear in this process's memory alone, read again when they
// change.
//
// It must not put a value into a log or an error, and does not know who may
// ask: whoever calls it has settled that.
package secrets
