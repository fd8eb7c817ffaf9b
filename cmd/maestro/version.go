package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
)

var versionCommand = subcommand{
	name:    "version",
	summary: "print the version",
	help:    "Prints the version of Maestro, and of what it was built with.",
	prepare: func(*flag.FlagSet) action {
		return func(_ context.Context, con console) error {
			_, err := fmt.Fprintf(con.stdout, "maestro %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		}
	},
}
