// Package mask replaces secret values by *** in records, logs and responses. It
// finds the values themselves at every place where a function may have put them,
// and in every common escaping: JSON, Python's repr, URLs, single lines.
//
// It must not know where secrets come from, and must not keep the text that it
// searches.
package mask
