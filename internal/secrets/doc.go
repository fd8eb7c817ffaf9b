// Package secrets caches the values of subtenants' secrets: encrypted in the
// database, in plain text only in the memory of this process, and reloaded after
// a change.
//
// It must not put a value into a log or an error. It does not check access, which
// is the responsibility of its callers.
package secrets
