// Package lane has the lanes in which functions run, as one model.Lane: each call goes
// to the one that it names. It compiles in the embedded lane, whose interpreters and the
// children of the process lane run the same programs. It must not choose: the lane
// of a subtenant is the caller's decision.
package lane
