package main

import (
	"context"
	"flag"
)

var serveCommand = subcommand{
	name:    "serve",
	summary: "run the server",
	help: `Runs the server until SIGTERM or SIGHUP: it then goes on serving for DRAIN_SECONDS,
so that balancers notice, and finishes the runs under way. SIGINT skips that wait,
and a second signal stops at once. One line on standard output says when it is ready.

The database is migrated first. Without DATABASE_URL and REDIS_URL it brings
its own PostgreSQL and Redis, in the data folder; without Census settings it is
in development mode, for this machine alone.`,
	prepare: func(*flag.FlagSet) action {
		return func(ctx context.Context, con console) error {
			cfg, err := settings(con)
			if err != nil {
				return err
			}
			return serve(ctx, cfg, con.stdout, con.stderr)
		}
	},
}
