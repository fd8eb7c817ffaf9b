package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// step is one thing that an operator does; said is the proof.
type step struct {
	name string
	do   func(ctx context.Context) (said string, err error)
}

func (j *journey) steps() []step {
	all := []step{
		{"start from nothing", j.begin},
		{"doctor", j.examine},
		{"token", j.authenticate},
		{"function and webhook", j.load},
		{"traced call", j.call},
		{confined, j.callConfined},
		{"metrics", j.scrape},
		{"trace", j.trace},
		{"backup", j.save},
		{"restore, tried", func(ctx context.Context) (string, error) { return j.tool(ctx, "restore --try "+j.backup) }},
		{"stop", func(ctx context.Context) (string, error) { return shell(ctx, j.stop) }},
		{"loss of all data", func(ctx context.Context) (string, error) { return shell(ctx, j.reset) }},
		{"restore", func(ctx context.Context) (string, error) { return j.tool(ctx, "restore "+j.backup) }},
		{"start on the restored data", j.begin},
		{"call after the restore", j.callAgain},
		{"stop", func(ctx context.Context) (string, error) { return shell(ctx, j.stop) }},
	}
	return slices.DeleteFunc(all, func(s step) bool { return j.embedded && s.name == confined })
}

const confined = "call in the process lane"

// tool runs a command of maestro and returns its last line.
func (j *journey) tool(ctx context.Context, command string) (string, error) {
	said, err := shell(ctx, j.maestro+" "+command)
	return lastLine(said), err
}

func (j *journey) examine(ctx context.Context) (string, error) {
	said, err := shell(ctx, j.maestro+" doctor")
	if err != nil {
		return "", err
	}
	var remarks []string
	for line := range strings.Lines(said) {
		if strings.Contains(line, "warn") {
			remarks = append(remarks, strings.Join(strings.Fields(line), " "))
		}
	}
	return strings.Join(append([]string{"healthy"}, remarks...), "\n    "), nil
}

func (j *journey) authenticate(ctx context.Context) (said string, err error) {
	j.token, err = j.tool(ctx, "token --admin")
	return "", err
}

const program = `
def inner(name):
    return "Hello, " + name + "!"

def journey(input):
    return inner(input["name"])
`

func (j *journey) load(ctx context.Context) (string, error) {
	const path = "/api/v1/functions"
	if err := j.send(ctx, "POST", path, map[string]any{"name": "journey", "code": program}, 201, nil); err != nil {
		return "", err
	}
	if err := j.send(ctx, "POST", path, map[string]any{
		"name": "outer", "code": "def outer(input):\n    return journey(input)\n",
		"input_schema": map[string]any{"type": "object", "properties": map[string]any{"name": map[string]string{"type": "string"}}, "required": []string{"name"}},
	}, 201, nil); err != nil {
		return "", err
	}
	if err := j.send(ctx, "POST", "/api/v1/webhooks", map[string]any{"path": "journey", "function_name": "outer"}, 201, nil); err != nil {
		return "", err
	}
	return "", j.everywhere(ctx)
}

// everywhere calls the webhook of each server, until it has heard of it.
func (j *journey) everywhere(ctx context.Context) error {
	for _, server := range j.servers {
		err := j.until(ctx, func() error {
			var a answer
			if err := j.at(server).send(ctx, "POST", "/api/v1/h/journey", map[string]string{"name": "world"}, 200, &a); err != nil {
				return err
			}
			return a.check()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const traceID = "0af7651916cd43dd8448eb211c80319c"

// answer is the response of a webhook.
type answer struct {
	ID     string `json:"execution_id"`
	Result string `json:"result"`
}

func (a answer) check() error {
	if a.Result != "Hello, world!" {
		return fmt.Errorf("the result is %q", a.Result)
	}
	return nil
}

func (j *journey) webhook(ctx context.Context) (a answer, err error) {
	err = j.send(ctx, "POST", "/api/v1/h/journey", map[string]string{"name": "world"}, 200, &a, "traceparent", "00-"+traceID+"-b7ad6b7169203331-01")
	if err == nil {
		err = a.check()
	}
	return a, err
}

func (j *journey) call(ctx context.Context) (string, error) {
	a, err := j.webhook(ctx)
	j.execution = a.ID
	return a.Result, err
}

// callConfined moves a subtenant into the process lane for one call.
func (j *journey) callConfined(ctx context.Context) (string, error) {
	var subtenants []struct{ ID string }
	if err := j.send(ctx, "GET", "/api/v1/subtenants", nil, 200, &subtenants); err != nil {
		return "", err
	}
	if len(subtenants) == 0 {
		return "", errors.New("there is no subtenant")
	}
	path := "/api/v1/subtenants/" + subtenants[0].ID
	if err := j.send(ctx, "PUT", path, map[string]string{"lane": "process"}, 200, nil); err != nil {
		return "", err
	}
	var a answer
	err := j.until(ctx, func() (err error) { // a server hears of the lane a moment later
		if a, err = j.webhook(ctx); err != nil {
			return err
		}
		var run struct{ Lane string }
		if err = j.send(ctx, "GET", "/api/v1/executions/"+a.ID, nil, 200, &run); err == nil && run.Lane != "process" {
			err = fmt.Errorf("the run was in the lane %q", run.Lane)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	var health struct {
		Checks struct {
			Confinement struct {
				Details map[string]any `json:"details"`
			} `json:"confinement"`
		} `json:"checks"`
	}
	if err := j.send(ctx, "GET", "/health", nil, 200, &health); err != nil {
		return "", err
	}
	var lines []string
	for name, state := range health.Checks.Confinement.Details {
		lines = append(lines, fmt.Sprintf("%s: %v", name, state))
	}
	sort.Strings(lines)
	err = j.send(ctx, "PUT", path, map[string]string{"lane": "auto"}, 200, nil)
	return a.Result + "\n    " + strings.Join(lines, "\n    "), err
}

var completed = regexp.MustCompile(`(?m)^maestro_executions_total\{status="completed",trigger="webhook"\} ([1-9].*)$`)

// scrape reads the metrics of each server, which a proxy does not give to callers.
func (j *journey) scrape(ctx context.Context) (string, error) {
	var all []string
	for _, server := range j.servers {
		var text string
		if err := j.at(server).send(ctx, "GET", "/metrics", nil, 200, &text); err != nil {
			return "", err
		}
		found := completed.FindString(text)
		if found == "" {
			return "", fmt.Errorf("no call of a webhook is counted in /metrics of %s", server)
		}
		all = append(all, found)
	}
	if len(j.servers) > 1 {
		if err := j.send(ctx, "GET", "/metrics", nil, 404, nil); err != nil {
			return "", err
		}
	}
	return strings.Join(all, "\n    "), nil
}

// trace waits for the calls: each is a run with a step.
func (j *journey) trace(context.Context) (string, error) {
	number := 4
	if j.embedded {
		number = 2
	}
	found, err := j.collector.await(traceID, number, time.Minute)
	if err != nil {
		return "", err
	}
	names := make([]string, 0, len(found))
	for _, span := range found {
		names = append(names, span.Name)
	}
	sort.Strings(names)
	return "spans: " + strings.Join(names, ", "), nil
}

func (j *journey) save(ctx context.Context) (string, error) {
	return j.tool(ctx, "backup "+j.backup)
}

// callAgain calls the restored function and looks up the run before the loss.
func (j *journey) callAgain(ctx context.Context) (string, error) {
	a, err := j.webhook(ctx)
	if err != nil {
		return "", err
	}
	var old struct{ ID, Status string }
	if err := j.send(ctx, "GET", "/api/v1/executions/"+j.execution, nil, 200, &old); err != nil {
		return "", err
	}
	if old.Status != "completed" {
		return "", fmt.Errorf("the run before the loss is %q", old.Status)
	}
	if err := j.everywhere(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s the run before the loss is %s", a.Result, old.Status), nil
}
