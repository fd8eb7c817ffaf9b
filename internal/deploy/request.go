package deploy

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"maestro/internal/apiclient"
	"maestro/internal/folder"
)

// installTime is for a push whose packages the server installs before it
// answers.
const installTime = 20 * time.Minute

// request is the body of POST /apply.
type request struct {
	DryRun    bool             `json:"dry_run"`
	Functions []map[string]any `json:"functions,omitempty"`
	Webhooks  []map[string]any `json:"webhooks,omitempty"`
	Schedules []map[string]any `json:"schedules,omitempty"`
	Delete    struct {
		Functions []map[string]any `json:"functions,omitempty"`
		Webhooks  []map[string]any `json:"webhooks,omitempty"`
		Schedules []map[string]any `json:"schedules,omitempty"`
	} `json:"delete"`
}

// sentItems are the steps of the items, in the order of the request.
type sentItems struct{ functions, webhooks, schedules []*Step }

func (r *request) add(step *Step, sent *sentItems) {
	item := maps.Clone(map[string]any(step.After))
	item["base"] = step.base
	switch step.Key.Kind {
	case folder.Function:
		r.Functions, sent.functions = append(r.Functions, item), append(sent.functions, step)
	case folder.Webhook:
		r.Webhooks, sent.webhooks = append(r.Webhooks, item), append(sent.webhooks, step)
	case folder.Schedule:
		r.Schedules, sent.schedules = append(r.Schedules, item), append(sent.schedules, step)
	}
}

func (r *request) remove(step *Step) {
	switch step.Key.Kind {
	case folder.Function:
		r.Delete.Functions = append(r.Delete.Functions, map[string]any{"name": step.Key.Name, "base": step.base})
	case folder.Webhook:
		method, path, _ := strings.Cut(step.Key.Name, " ")
		r.Delete.Webhooks = append(r.Delete.Webhooks, map[string]any{"http_method": method, "path": path, "base": step.base})
	case folder.Schedule:
		r.Delete.Schedules = append(r.Delete.Schedules, map[string]any{"name": step.Key.Name, "base": step.base})
	}
}

// result is the answer about one item.
type result struct {
	Name     string    `json:"name"`
	Method   string    `json:"http_method"`
	Path     string    `json:"path"`
	Action   string    `json:"action"`
	Changes  []string  `json:"changes"`
	Digest   string    `json:"digest"`
	Version  int       `json:"version"`
	URL      string    `json:"url"`
	Warnings []Warning `json:"warnings"`
	CalledBy []string  `json:"called_by"`
}

type answer struct {
	Functions []result `json:"functions"`
	Webhooks  []result `json:"webhooks"`
	Schedules []result `json:"schedules"`
}

func (a *answer) results() map[folder.Key]result {
	all := map[folder.Key]result{}
	for _, r := range a.Functions {
		all[folder.Key{Kind: folder.Function, Name: r.Name}] = r
	}
	for _, r := range a.Webhooks {
		all[folder.Key{Kind: folder.Webhook, Name: r.Method + " " + r.Path}] = r
	}
	for _, r := range a.Schedules {
		all[folder.Key{Kind: folder.Schedule, Name: r.Name}] = r
	}
	return all
}

// RefusedError are the faults that the server found, at their places in the files.
type RefusedError struct {
	Faults []folder.Fault
	Cause  *apiclient.Error
}

func (e *RefusedError) Error() string { return e.Cause.Detail }

func (e *RefusedError) Unwrap() error { return e.Cause }

// refusal finds the files of the faults that the server names by their place in
// the request.
func (p *Plan) refusal(refused *apiclient.Error, sent *sentItems) error {
	e := &RefusedError{Cause: refused}
	for _, item := range refused.Errors {
		parts := strings.Split(strings.TrimPrefix(item.Pointer, "/"), "/")
		steps := map[string][]*Step{"functions": sent.functions, "webhooks": sent.webhooks, "schedules": sent.schedules}[parts[0]]
		fault := folder.Fault{File: item.Pointer, Line: item.Line, Message: item.Message}
		if len(parts) > 1 {
			if at, err := strconv.Atoi(parts[1]); err == nil && at < len(steps) {
				step := steps[at]
				fault.File = step.File
				rest := strings.Join(parts[2:], "/")
				switch {
				case rest == "base":
					fault.Message = "the " + step.Key.String() + " was changed on the server in this moment; push again"
				case step.Key.Kind == folder.Function && rest == "code":
				case step.Key.Kind == folder.Function && rest != "":
					fault.Message = strings.ReplaceAll(rest, "/", ".") + " " + item.Message
					if file := p.folder.Settings[step.Key.Name]; file != "" && rest != "name" {
						fault.File = file
					}
				case step.Key.Kind != folder.Function:
					fault.Message = strings.TrimSpace(fmt.Sprintf("%s: %s %s", step.Key, strings.ReplaceAll(rest, "/", "."), item.Message))
				}
			}
		}
		e.Faults = append(e.Faults, fault)
	}
	return e
}
