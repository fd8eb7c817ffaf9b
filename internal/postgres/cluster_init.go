package postgres

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// initCluster makes the cluster with its database unless it is there. It is
// made beside its place and moved there when it is whole.
func (s *Server) initCluster(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.dataDir, "PG_VERSION")); err == nil {
		return nil
	}
	s.options.Progress(fmt.Sprintf("making a PostgreSQL %d database in %s", s.binaries.major, s.dataDir))
	unfinished := s.dataDir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished database: %w", err)
	}
	err := s.initdb(ctx, unfinished, "C.UTF-8")
	if err != nil && strings.Contains(err.Error(), "locale") {
		// A system without C.UTF-8: all is the same but upper and lower case
		// outside ASCII.
		_ = os.RemoveAll(unfinished)
		err = s.initdb(ctx, unfinished, "C")
	}
	if err != nil {
		return err
	}
	if err := s.runSingle(ctx, unfinished, "CREATE DATABASE "+databaseName, s.setPassword()); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	if err := s.notePassword(unfinished); err != nil {
		return err
	}
	if err := os.Rename(unfinished, s.dataDir); err != nil {
		return fmt.Errorf("move the database to its place: %w", err)
	}
	return nil
}

// segmentMegabytes is the size of a file of the write-ahead log. PostgreSQL fills a new one
// with zeros while all commits wait: with the default of 16 MB that takes tens of
// milliseconds, which a neighbour of a run with many steps notices.
const segmentMegabytes = 4

// initdb makes a cluster. Its own rules of access are never used (see accessFile),
// and a password can be set later.
func (s *Server) initdb(ctx context.Context, dir, ctype string) error {
	args := []string{"-D", dir, "-U", superuser, "--auth=trust", "--encoding=UTF8", "--lc-collate=C", "--lc-ctype=" + ctype,
		"--lc-messages=C", fmt.Sprint("--wal-segsize=", segmentMegabytes)}
	if s.options.Settings["fsync"] == "off" {
		args = append(args, "--no-sync")
	}
	cmd := s.command(ctx, "initdb", args...)
	if err := runQuietly(cmd); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	return nil
}

// runQuietly runs a command; its output is part of the error alone.
func runQuietly(cmd *exec.Cmd) error {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if err == nil {
		return nil
	}
	lines := strings.Split(output.String(), "\n")
	for _, line := range lines {
		if strings.Contains(strings.ToLower(line), "error") || strings.Contains(line, "FATAL") {
			return fmt.Errorf("%w: %s", err, strings.TrimSpace(line))
		}
	}
	return fmt.Errorf("%w: %s", err, firstLine(output.Bytes()))
}
