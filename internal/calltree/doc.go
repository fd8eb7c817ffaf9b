// Package calltree is the half of the engine that a call tree needs: it resolves
// siblings, numbers and bounds the steps, validates their inputs and outputs, and says
// which exceptions the calling functions see. The engine uses it for a lane in its own
// process, and a lane's child process for the calls that it runs (Host), so that the
// two cannot differ.
//
// It must not record anything: what it finds goes to the engine, directly or through a
// Link.
package calltree
