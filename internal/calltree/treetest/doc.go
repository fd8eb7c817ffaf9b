// Package treetest holds random call trees, in a form that Go and Python can run, and
// compares what the engine records of them in two lanes. It must not be imported but by
// tests, and knows no lane.
package treetest
