// Command maestro is the server and its command line.
//
// It is the only place where the parts are wired together. It must not hold
// any of the product's logic: what a command does is in the package that it
// calls.
package main

import (
	"context"
	"os"
	"runtime"
)

// init keeps the process's first OS thread for the main goroutine: attaching
// to an interpreter on that thread costs a hundred times what it costs on any
// other one (docs/internals.md, Threads), so no Python may ever run there.
func init() { runtime.LockOSThread() }

// version and commit are set by the linker (see the Makefile and scripts/dist).
var (
	version = "dev"
	commit  string
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], newApp()))
}
