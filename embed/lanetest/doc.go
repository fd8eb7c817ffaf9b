// Package lanetest runs the programs of embed/testdata/functions in a lane, and compares
// what they come to with their golden results, which are the same in every lane. It is
// imported by tests only, and must not know how a lane runs its calls.
package lanetest
