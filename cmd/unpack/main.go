// Command unpack unpacks the Python that Maestro carries into a folder, and
// prints where its home is. The container's build uses it, so that the first
// start needs no unpacking; a server does that by itself.
//
// It must not need anything that a server has: no settings, no services.
package main

import (
	"context"
	"fmt"
	"os"

	"maestro/cpython/kit"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: unpack FOLDER")
		os.Exit(2)
	}
	home, err := kit.Ensure(context.Background(), os.Args[1], func(line string) { fmt.Fprintln(os.Stderr, line) })
	if err != nil {
		fmt.Fprintln(os.Stderr, "unpack:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stdout, home)
}
