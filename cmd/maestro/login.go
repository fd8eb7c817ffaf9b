package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
	"maestro/internal/deploy"
	"maestro/internal/profile"
)

func (a *app) loginCommand() *cobra.Command {
	var name, subtenant string
	cmd := &cobra.Command{
		Use:   "login URL [--profile NAME] [--subtenant S]",
		Short: "keep a server and its token for later commands",
		Long: `Reads a token from the standard input, or asks for it on a terminal, checks it, and keeps
it with the address of the server as a profile, in a file that only you can read. Later
commands use the profile default unless --profile or MAESTRO_PROFILE names another one.`,
		Example: `  maestro login https://maestro.example.com
  maestro token | maestro login http://127.0.0.1:8000 --profile local`,
		Args: takes(1, "URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			address, err := url.Parse(args[0])
			if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
				return usageError(fmt.Sprintf("%q is no address of a server, such as https://maestro.example.com", args[0]))
			}
			token, err := a.readSecret("Token")
			if err != nil {
				return err
			}
			if token = strings.TrimSpace(token); token == "" {
				return errors.New("there is no token on the standard input; maestro token prints one for a server of your own")
			}
			c := apiclient.New(strings.TrimRight(args[0], "/"), token, "the address given")
			c.Subtenant = subtenant
			caller, err := deploy.WhoAmI(cmd.Context(), c)
			if err != nil {
				return err
			}
			if err := a.keepProfile(cmp.Or(name, profile.Default), c, subtenant); err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "Logged in to %s as %s, subtenant %s; kept as the profile %s.\n", c.URL, caller.Email, caller.SubtenantID, cmp.Or(name, profile.Default))
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "profile", "", "keep it under this `name` (default)")
	cmd.Flags().StringVar(&subtenant, "subtenant", "", "the `id` of the subtenant, of several that the token is good for")
	return cmd
}

// keepProfile stores a profile.
func (a *app) keepProfile(name string, c *apiclient.Client, subtenant string) error {
	path, err := profile.Path(a.env)
	if err != nil {
		return err
	}
	all, err := profile.Load(path)
	if err != nil {
		return err
	}
	all[name] = profile.Profile{URL: c.URL, Token: c.Token, Subtenant: subtenant}
	return profile.Save(path, all)
}

func (a *app) logoutCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "logout [--profile NAME]",
		Short: "forget a server and its token",
		Long:  "Removes a profile of maestro login. The token itself stays valid until it expires.",
		RunE: func(*cobra.Command, []string) error {
			path, err := profile.Path(a.env)
			if err != nil {
				return err
			}
			all, err := profile.Load(path)
			if err != nil {
				return err
			}
			if _, there := all[name]; !there {
				return fmt.Errorf("there is no profile %s", name)
			}
			delete(all, name)
			return profile.Save(path, all)
		},
	}
	cmd.Flags().StringVar(&name, "profile", profile.Default, "the `name` of the profile")
	return cmd
}
