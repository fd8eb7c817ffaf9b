package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"maestro/examples"
	"maestro/internal/apiclient"
)

func (a *app) examplesCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "examples",
		Short: "load the examples into a server",
		Long:  "Functions, webhooks and schedules to try Maestro with.",
	}
	withPackages := false
	load := &cobra.Command{
		Use:   "load",
		Short: "load the example functions, webhooks and schedules into a server",
		Long: `Loads the examples into the caller's subtenant of a running server, and prints
requests to try. An example that is there already and is the same stays as it is,
and is changed otherwise: loading twice changes nothing.

--with-packages also loads the agents that ask a language model. They require openai
and pydantic, which the server installs for the subtenant, and move it to the process
lane. The model is an example too, and needs neither a network nor a key.

The server is MAESTRO_URL and the caller MAESTRO_TOKEN; in development mode both
are found by themselves.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			l := loader{client: c, out: a.stdout, withPackages: withPackages}
			if err := l.load(cmd.Context()); err != nil {
				return err
			}
			l.printWhatToTry()
			return nil
		},
	}
	load.Flags().BoolVar(&withPackages, "with-packages", false, "also load the examples that require packages, which the server installs")
	group.AddCommand(load)
	return group
}

type loader struct {
	client              *apiclient.Client
	out                 io.Writer
	withPackages        bool
	added, changed, all int
}

func (l *loader) load(ctx context.Context) error {
	functions, err := examples.Functions()
	if err != nil {
		return err
	}
	webhooks, err := examples.Webhooks()
	if err != nil {
		return err
	}
	if l.withPackages {
		if functions, webhooks, err = l.addPackages(functions, webhooks); err != nil {
			return err
		}
	}
	schedules, err := examples.Schedules(l.client.URL)
	if err != nil {
		return err
	}
	for _, f := range functions {
		if err := l.function(ctx, f); err != nil {
			return fmt.Errorf("load function %s: %w", f.Name, err)
		}
	}
	var stored []storedWebhook
	if err := l.client.Call(ctx, http.MethodGet, "/webhooks?limit=1000", nil, &stored); err != nil {
		return fmt.Errorf("list webhooks: %w", err)
	}
	for _, w := range webhooks {
		if err := l.webhook(ctx, w, stored); err != nil {
			return fmt.Errorf("load webhook %s: %w", w.Path, err)
		}
	}
	var there []storedSchedule
	if err := l.client.Call(ctx, http.MethodGet, "/schedules?limit=1000", nil, &there); err != nil {
		return fmt.Errorf("list schedules: %w", err)
	}
	for _, s := range schedules {
		if err := l.schedule(ctx, s, there); err != nil {
			return fmt.Errorf("load schedule %s: %w", s.Name, err)
		}
	}
	fmt.Fprintf(l.out, "examples: functions %d, webhooks %d, schedules %d (%d new, %d changed, %d as they were)\n",
		len(functions), len(webhooks), len(schedules), l.added, l.changed, l.all-l.added-l.changed)
	return nil
}

// installTime is for a function whose packages the server installs before it answers.
const installTime = 7 * time.Minute

// addPackages adds the examples that require packages.
func (l *loader) addPackages(functions []examples.Function, webhooks []examples.Webhook) ([]examples.Function, []examples.Webhook, error) {
	more, err := examples.FunctionsWithPackages()
	if err != nil {
		return nil, nil, err
	}
	hooks, err := examples.WebhooksWithPackages()
	if err != nil {
		return nil, nil, err
	}
	l.client = l.client.WithPatience(installTime)
	fmt.Fprintf(l.out, "examples: the server installs %s for them, unless they are there\n", strings.Join(examples.Requirements(more), " and "))
	return append(functions, more...), append(webhooks, hooks...), nil
}

func (l *loader) function(ctx context.Context, f examples.Function) error {
	l.all++
	var stored examples.Function
	err := l.client.Call(ctx, http.MethodGet, "/functions/"+f.Name, nil, &stored)
	switch {
	case apiclient.Is(err, "function_not_found"):
		l.added++
		return l.client.Call(ctx, http.MethodPost, "/functions", f, nil)
	case err != nil:
		return err
	case sameFunction(f, stored):
		return nil
	}
	l.changed++
	change := map[string]any{"description": f.Description, "code": f.Code, "tags": f.Tags, "requirements": f.Requirements}
	if f.Kind != "module" { // which has none
		change["input_schema"], change["output_schema"] = f.InputSchema, f.OutputSchema
	}
	return l.client.Call(ctx, http.MethodPut, "/functions/"+f.Name, change, nil)
}

func sameFunction(a, b examples.Function) bool {
	return a.Description == b.Description && a.Code == b.Code && slices.Equal(a.Tags, b.Tags) && slices.Equal(a.Requirements, b.Requirements) &&
		sameJSON(a.InputSchema, b.InputSchema) && sameJSON(a.OutputSchema, b.OutputSchema)
}

// sameJSON compares values, not texts: the server may write them otherwise. A
// schema that is left out equals null.
func sameJSON(a, b json.RawMessage) bool {
	value := func(text json.RawMessage) (v any) {
		_ = json.Unmarshal(text, &v) // empty: stays nil
		return v
	}
	return reflect.DeepEqual(value(a), value(b))
}

type storedWebhook struct {
	ID string `json:"id"`
	examples.Webhook
}

func (l *loader) webhook(ctx context.Context, w examples.Webhook, stored []storedWebhook) error {
	l.all++
	at := slices.IndexFunc(stored, func(s storedWebhook) bool { return s.Path == w.Path && s.Method == w.Method })
	if at < 0 {
		l.added++
		err := l.client.Call(ctx, http.MethodPost, "/webhooks", w, nil)
		if apiclient.Is(err, "path_taken") {
			return l.privateWebhook(ctx, w)
		}
		return err
	}
	if stored[at].Webhook == w {
		return nil
	}
	l.changed++
	return l.client.Call(ctx, http.MethodPut, "/webhooks/"+stored[at].ID, w, nil)
}

// privateWebhook is for a subtenant that is not the first to load the
// examples: a public path belongs to one alone, a private one to each.
func (l *loader) privateWebhook(ctx context.Context, w examples.Webhook) error {
	fmt.Fprintf(l.out, "examples: another subtenant has the public webhook %s, yours wants a token\n", w.Path)
	return l.client.Call(ctx, http.MethodPost, "/webhooks", struct {
		examples.Webhook
		RequiresAuth bool `json:"requires_auth"`
	}{w, true}, nil)
}

type storedSchedule struct {
	ID string `json:"id"`
	examples.Schedule
}

func (l *loader) schedule(ctx context.Context, s examples.Schedule, stored []storedSchedule) error {
	l.all++
	at := slices.IndexFunc(stored, func(other storedSchedule) bool { return other.Name == s.Name })
	if at < 0 {
		l.added++
		return l.client.Call(ctx, http.MethodPost, "/schedules", s, nil)
	}
	if sameSchedule(stored[at].Schedule, s) {
		return nil
	}
	l.changed++
	return l.client.Call(ctx, http.MethodPut, "/schedules/"+stored[at].ID, s, nil)
}

func sameSchedule(a, b examples.Schedule) bool {
	same := sameJSON(a.Input, b.Input)
	a.Input, b.Input = nil, nil
	return same && reflect.DeepEqual(a, b)
}

// printWhatToTry shows a token only where the caller could read it anyway.
func (l *loader) printWhatToTry() {
	token := "$MAESTRO_TOKEN"
	if l.client.Found {
		token = l.client.Token
	}
	more := ""
	if l.withPackages {
		more = fmt.Sprintf(`  curl -X POST %[1]s/api/v1/h/process-document-with-model -H 'X-User-ID: user123' \
    -d '{"document_url": "%[1]s/examples/documents/complaint.txt"}'

`, l.client.URL)
	}
	fmt.Fprintf(l.out, `
Try it:

  curl -X POST %[1]s/api/v1/h/hello -H 'Content-Type: application/json' -d '{"name": "Claude"}'

  curl -X POST %[1]s/api/v1/h/process-invoice -H 'Content-Type: application/json' -H 'X-Customer-ID: CUST001' \
    -d '{"url": "%[1]s/examples/documents/invoice-1001.txt", "priority": "high"}'

  curl -X POST %[1]s/api/v1/h/process-document -H 'X-User-ID: user123' \
    -d '{"document_url": "%[1]s/examples/documents/complaint.txt"}'

%[3]s  curl %[1]s/api/v1/executions?limit=3 -H "Authorization: Bearer %[2]s"

  curl %[1]s/scheduler/status -H "Authorization: Bearer %[2]s"

`, l.client.URL, token, more)
}
