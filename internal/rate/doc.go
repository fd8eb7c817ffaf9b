// Package rate bounds the output of a subtenant: how many bytes of lines it may write per
// second, and what is left out beyond that. It must not see the lines themselves.
package rate
