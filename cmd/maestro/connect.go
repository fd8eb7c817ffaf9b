package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
	"maestro/internal/config"
	"maestro/internal/profile"
	"maestro/internal/terminal"
)

// clientFlags are those of every command that is a client of a server.
type clientFlags struct {
	profile, subtenant string
	json               bool
}

// addClientFlags gives a command and those below it the flags of a client.
func (a *app) addClientFlags(cmd *cobra.Command) *cobra.Command {
	cmd.PersistentFlags().StringVar(&a.flags.profile, "profile", "", "the `name` of the server and token to use, of those of maestro login")
	cmd.PersistentFlags().StringVar(&a.flags.subtenant, "subtenant", "", "the `id` of the subtenant, of several that the token is good for")
	cmd.PersistentFlags().BoolVar(&a.flags.json, "json", false, "print JSON")
	return cmd
}

// out is the standard output, for people.
func (a *app) out() *terminal.Out { return terminal.For(a.stdout) }

// connect finds the server and the token: those of --profile, of MAESTRO_URL and
// MAESTRO_TOKEN, of the profile that MAESTRO_PROFILE names, of the profile default,
// or of the development server on the same data folder.
func (a *app) connect() (*apiclient.Client, error) {
	if a.client != nil {
		return a.client, nil
	}
	address, token := a.env("MAESTRO_URL"), a.env("MAESTRO_TOKEN")
	c, err := a.connectProfile(address != "" || token != "")
	if err != nil || c != nil {
		return c, err
	}
	c = apiclient.New(strings.TrimRight(address, "/"), token, "MAESTRO_URL")
	c.Subtenant = a.flags.subtenant
	if c.URL != "" && c.Token != "" {
		return c, nil
	}
	cfg, err := a.settings()
	if err != nil {
		return nil, err
	}
	c.URL = cmp.Or(c.URL, findAddress(cfg), "http://"+(&config.Config{Host: "127.0.0.1", Port: cfg.Port}).Address())
	if c.Token == "" {
		token, err := cfg.FindAdminToken()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no server is known: run maestro login, set MAESTRO_URL and MAESTRO_TOKEN, or start a server in development mode first (data folder %s)", cfg.DataDir)
		}
		if err != nil {
			return nil, err
		}
		c.Token, c.Found = string(token), true
	}
	return c, nil
}

// connectProfile is nil when no profile is to be used: set says that the
// environment names a server.
func (a *app) connectProfile(set bool) (*apiclient.Client, error) {
	name := a.flags.profile
	if name == "" && set {
		return nil, nil
	}
	name = cmp.Or(name, a.env("MAESTRO_PROFILE"))
	path, err := profile.Path(a.env)
	if err != nil {
		if name == "" {
			return nil, nil // there can be no profile without a home
		}
		return nil, err
	}
	all, err := profile.Load(path)
	if err != nil {
		return nil, err
	}
	p, there := all[cmp.Or(name, profile.Default)]
	switch {
	case !there && name == "":
		return nil, nil
	case !there:
		return nil, fmt.Errorf("there is no profile %s: run maestro login --profile %s", name, name)
	}
	c := apiclient.New(strings.TrimRight(p.URL, "/"), p.Token, "the profile "+cmp.Or(name, profile.Default))
	c.Subtenant = cmp.Or(a.flags.subtenant, p.Subtenant)
	return c, nil
}
