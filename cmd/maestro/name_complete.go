package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
	"maestro/internal/folder"
	"maestro/internal/profile"
	"maestro/internal/runtree"
)

const (
	// completionTime is how long a shell waits for names at most: none are better than a wait.
	completionTime = time.Second
	// mostCompleted is how many executions are offered, the newest.
	mostCompleted = 20
)

// names finds what an argument or a flag can be, each with a description after a tab.
type names func(ctx context.Context, a *app) ([]string, error)

// completeNames has the shells complete the names that commands take.
func (a *app) completeNames(root *cobra.Command) {
	for path, of := range map[string]names{
		"functions run": functionNames, "functions versions": functionNames, "functions rollback": functionNames, "functions delete": functionNames,
		"executions show": executionIDs, "executions compare": executionIDs, "executions cancel": executionIDs, "executions retry": executionIDs, "logs": executionIDs,
		"schedules run": scheduleNames, "schedules pause": scheduleNames, "schedules resume": scheduleNames,
		"secrets set": secretNames, "secrets delete": secretNames, "packages remove": packageNames,
	} {
		most := 1
		if path == "executions compare" {
			most = 2
		}
		find(root, path).ValidArgsFunction = func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) >= most {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completed(of, typed)
		}
	}
	for _, path := range []string{"functions push", "functions pull", "functions test", "dev", "stubs"} {
		find(root, path).ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	a.completeFlags(root)
}

// completeFlags does the same for the flags of a command and of those below it.
func (a *app) completeFlags(cmd *cobra.Command) {
	for flag, of := range map[string]names{"profile": profileNames, "function": functionNames, "status": statuses, "trigger": triggers} {
		known := cmd.Flags().Lookup(flag)
		if known == nil {
			known = cmd.PersistentFlags().Lookup(flag)
		}
		if known == nil || cmd.Name() == "login" {
			continue
		}
		err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return a.completed(of, typed)
		})
		if err != nil {
			panic(err) // it was just looked up
		}
	}
	for _, sub := range cmd.Commands() {
		a.completeFlags(sub)
	}
}

func find(root *cobra.Command, path string) *cobra.Command {
	cmd, _, err := root.Find(strings.Fields(path))
	if err != nil || cmd.CommandPath() != root.Name()+" "+path {
		panic("complete the names of " + path + ": there is no such command")
	}
	return cmd
}

// completed are the names that begin as typed; none when they can't be had soon.
func (a *app) completed(of names, typed string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	silent := *a
	silent.stdout, silent.stderr = io.Discard, io.Discard
	all, err := of(ctx, &silent)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.DeleteFunc(all, func(one string) bool { return !strings.HasPrefix(one, typed) }), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func listed[T any](ctx context.Context, a *app, path string, query url.Values, limit int, text func(*T) string) ([]string, error) {
	c, err := a.connect()
	if err != nil {
		return nil, err
	}
	all, err := apiclient.List[T](ctx, c, path, query, limit)
	texts := make([]string, 0, len(all))
	for i := range all {
		texts = append(texts, text(&all[i]))
	}
	return texts, err
}

// described is a name with a description.
func described(name, description string) string {
	description, _, _ = strings.Cut(strings.TrimSpace(description), "\n")
	if description == "" {
		return name
	}
	return name + "\t" + strings.ReplaceAll(description, "\t", " ")
}

// briefly asks for a list without what completions have no use for.
var briefly = url.Values{"brief": {"true"}}

// functionNames are those of the server; where none answers, those of the current folder.
func functionNames(ctx context.Context, a *app) ([]string, error) {
	all, err := listed(ctx, a, "/functions", briefly, 0, func(f *shownFunction) string { return described(f.Name, f.Description) })
	if err == nil {
		return all, nil
	}
	f, err := folder.Read(".")
	if err != nil {
		return nil, err
	}
	for _, key := range f.Keys() {
		if key.Kind == folder.Function && f.Items[key]["kind"] != "module" {
			description, _ := f.Items[key]["description"].(string)
			all = append(all, described(key.Name, description))
		}
	}
	return all, nil
}

func executionIDs(ctx context.Context, a *app) ([]string, error) {
	return listed(ctx, a, "/executions", briefly, mostCompleted, func(e *runtree.Execution) string {
		return described(e.ID, fmt.Sprintf("%s, %s, %s", e.Function, e.Status, moment(e.CreatedAt)))
	})
}

type named struct {
	Name        string `json:"name"`
	PackageName string `json:"package_name"`
	Description string `json:"description"`
}

func namesOf(path string) names {
	return func(ctx context.Context, a *app) ([]string, error) {
		return listed(ctx, a, path, nil, 0, func(one *named) string { return described(cmp.Or(one.Name, one.PackageName), one.Description) })
	}
}

var scheduleNames, secretNames, packageNames = namesOf("/schedules"), namesOf("/secrets"), namesOf("/packages")

func profileNames(_ context.Context, a *app) ([]string, error) {
	path, err := profile.Path(a.env)
	if err != nil {
		return nil, err
	}
	all, err := profile.Load(path)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		texts = append(texts, described(name, all[name].URL))
	}
	return texts, nil
}

func statuses(context.Context, *app) ([]string, error) {
	return []string{"pending", "running", "completed", "failed", "timed_out", "cancelled", "crashed"}, nil
}

func triggers(context.Context, *app) ([]string, error) {
	return []string{"webhook", "schedule", "manual", "retry", "spawn", "alert"}, nil
}
