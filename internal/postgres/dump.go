package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Tools are pg_dump and pg_restore of one major version. Each works with servers up to its
// own.
type Tools struct {
	dir   string
	Major int
}

// FindTools finds the oldest tools on this machine that work with a server of a major version: what
// they write can be read by the most others. binDir, if not empty, is the only place.
func FindTools(ctx context.Context, dataDir, binDir string, major int) (Tools, error) {
	var found []binaries
	if binDir != "" {
		b, err := inspect(ctx, binDir)
		if err != nil {
			return Tools{}, fmt.Errorf("MAESTRO_PG_BIN: %w", err)
		}
		found = []binaries{b}
	} else {
		found = findBinaries(ctx, filepath.Join(dataDir, Programs, wheelBinaries))
		slices.Reverse(found)
	}
	for _, b := range found {
		if b.major >= major && hasProgram(b.dir, "pg_dump") && hasProgram(b.dir, "pg_restore") {
			return Tools{b.dir, b.major}, nil
		}
	}
	return Tools{}, fmt.Errorf("pg_dump and pg_restore of PostgreSQL %d or later are not on this machine: install postgresql-client-%d, or set MAESTRO_PG_BIN to a folder that has them beside postgres and initdb", major, major)
}

func hasProgram(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return err == nil && info.Mode()&0o111 != 0
}

// Dump writes the database at address to a file, in pg_dump's custom form. The database
// is used meanwhile: the file holds it as it is when Dump begins.
func (t Tools) Dump(ctx context.Context, address, path string) error {
	return t.run(ctx, address, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--no-password", "--file", path)
}

// Restore brings what Dump has written into the empty database at address: all or nothing.
func (t Tools) Restore(ctx context.Context, address, path string) error {
	return t.run(ctx, address, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password", path)
}

// run runs a program on a database. The password is in its environment: all users of
// the machine see the arguments.
func (t Tools) run(ctx context.Context, address, name string, args ...string) error {
	database, err := url.Parse(address)
	if err != nil {
		return errors.New("the address of the database cannot be read") // the cause may show a password
	}
	cmd := exec.CommandContext(ctx, filepath.Join(t.dir, name), args...)
	cmd.Env = os.Environ()
	if password, has := database.User.Password(); has {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+password)
		database.User = url.User(database.User.Username())
	}
	cmd.Args = append(cmd.Args, "--dbname", database.String())
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.Join(strings.Fields(output.String()), " "))
	}
	return nil
}

// Running returns the address of the server that another process of Maestro runs in a data
// folder. It holds the password.
func Running(dataDir string) (string, error) {
	s := &Server{options: Options{DataDir: dataDir}, home: filepath.Join(dataDir, "postgres")}
	home, err := filepath.EvalSymlinks(s.home)
	if err != nil {
		return "", fmt.Errorf("find the embedded PostgreSQL: %w", err)
	}
	s.home = home
	if s.account, err = chooseAccount(s.home, dataDir); err != nil {
		return "", err
	}
	if err := s.keepPassword(); err != nil {
		return "", err
	}
	if s.socketDir, err = makeSocketDir(s.home, s.account); err != nil {
		return "", err
	}
	return s.URL(), nil
}
