package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"maestro/internal/apiclient"
	"maestro/internal/deploy"
)

// quiet is how long a folder has to stay as it is before it is pushed: editors
// write a file in several steps.
const quiet = 150 * time.Millisecond

// watch pushes the folder each time that a file in it changes, until ctx ends.
func (a *app) watch(ctx context.Context, o deploy.Options) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", o.Dir, err)
	}
	defer func() { _ = watcher.Close() }()
	if err := watcher.Add(o.Dir); err != nil {
		return fmt.Errorf("watch %s: %w", o.Dir, err)
	}
	fmt.Fprintf(a.stdout, "Watching %s; Ctrl-C ends it.\n", o.Dir)
	a.refreshStubs(ctx, o.Dir)
	settled := time.NewTimer(time.Hour)
	settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-watcher.Events:
			name := filepath.Base(event.Name)
			if kind := filepath.Ext(name); !strings.HasPrefix(name, ".") && (kind == ".py" || kind == ".toml") {
				settled.Reset(quiet)
			}
		case err := <-watcher.Errors:
			return fmt.Errorf("watch %s: %w", o.Dir, err)
		case <-settled.C:
			a.refreshStubs(ctx, o.Dir)
			if err := a.push(ctx, o, true, false); err != nil && ctx.Err() == nil {
				a.complain(err)
			}
		}
	}
}

// complain writes an error after which the command goes on.
func (a *app) complain(err error) {
	var files deploy.FaultsError
	var refused *deploy.RefusedError
	var answer *apiclient.Error
	switch {
	case errors.As(err, &files):
		writeFaults(a.stderr, files)
	case errors.As(err, &refused):
		writeFaults(a.stderr, refused.Faults)
	case errors.As(err, &answer):
		fmt.Fprintf(a.stderr, "maestro: %s\n", inOneLine(answer.Detail))
	default:
		fmt.Fprintf(a.stderr, "maestro: %s\n", inOneLine(err.Error()))
	}
}
