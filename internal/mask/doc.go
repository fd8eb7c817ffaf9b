// Package mask replaces secret values by *** in what is recorded, logged and
// answered. It looks for the values themselves, wherever a function may have
// put them and however they were escaped on the way: in JSON, in Python's
// repr, in a URL, a line of several.
//
// It must not know where secrets come from, and must not keep what it looked
// through.
package mask
