package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"maestro/internal/censusdev"
)

func (a *app) censusDevCommand() *cobra.Command {
	var address, secret string
	cmd := &cobra.Command{
		Use:   "census-dev [--listen ADDRESS] [--secret S]",
		Short: "run a small Census, to try Maestro out with one",
		Long: `Runs a Census that keeps everything in memory, until SIGTERM or SIGINT. It knows an
administrator, and a user of the subtenant company-a, and prints a token of each
that lasts a day, with the setting that makes maestro serve ask it.

It is for trials only: with its secret, tokens can be made for any user.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if secret == "" {
				secret = rand.Text() + rand.Text()
			}
			if len(secret) < 32 {
				return usageError("--secret must have 32 bytes or more")
			}
			return serveCensus(cmd.Context(), a.stdout, address, []byte(secret))
		},
	}
	cmd.Flags().StringVar(&address, "listen", "127.0.0.1:8001", "the `address` to listen on")
	cmd.Flags().StringVar(&secret, "secret", "", "what signs the tokens, `text` of 32 bytes or more (default: made up)")
	return cmd
}

// The users of the Census to try things out with.
var (
	censusAdmin = censusdev.User{ID: "admin", Email: "admin@example.com", Groups: censusdev.Admins()}
	censusUser  = censusdev.User{ID: "user", Email: "user@example.com", Access: censusdev.In("company-a")}
)

const censusTokens = 24 * time.Hour // how long they last

func serveCensus(ctx context.Context, stdout io.Writer, address string, secret []byte) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	census := censusdev.New(secret)
	var tokens []string
	for _, user := range []censusdev.User{censusAdmin, censusUser} {
		token, err := census.Token(census.Add(user).ID, censusTokens)
		if err != nil {
			return err
		}
		tokens = append(tokens, token)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("cannot listen on %s, choose another address with --listen: %w", address, err)
	}
	fmt.Fprintf(stdout, `A Census to try things out with is at http://%s

  CENSUS_API_URL=http://%[1]s maestro serve

the administrator %s:
%s

%s, of the subtenant company-a:
%s
`, listener.Addr(), censusAdmin.Email, tokens[0], censusUser.Email, tokens[1])

	server := &http.Server{Handler: census, ReadHeaderTimeout: 10 * time.Second}
	ended := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer ended()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("the Census ended: %w", err)
	}
	return nil
}
