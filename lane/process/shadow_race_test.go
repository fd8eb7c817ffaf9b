//go:build race

package process

// shadow is by how much the race detector multiplies the memory of a child, which is the
// test's program: 633 MB for a value of 20 MB, in place of 283 MB.
const shadow = 3
