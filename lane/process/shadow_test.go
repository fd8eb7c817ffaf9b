//go:build !race

package process

const shadow = 1
