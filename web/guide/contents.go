package guide

// chapter is a part of the table of contents.
type chapter struct {
	Title string
	pages []string // the files in docs, in their order
}

// contents is the table of contents. Documents that are not in it are not served.
var contents = []chapter{
	{"Write functions", []string{
		"guide/first-function.md", "guide/schedules.md", "guide/errors-and-retries.md", "guide/secrets.md", "guide/using-packages.md", "guide/writing-tests.md",
		"guide/streaming.md", "guide/failure-messages.md", "guide/deploying.md",
	}},
	{"Webhooks", []string{
		"guide/webhooks.md", "guide/webhooks-github.md", "guide/webhooks-stripe.md", "guide/webhooks-slack.md", "guide/webhooks-twilio.md",
		"guide/webhooks-shopify.md",
	}},
	{"Agents", []string{"guide/agents.md", "guide/agents-many.md"}},
	{"Reference", []string{"functions.md", "modules.md", "packages.md", "folders.md", "testing.md", "editors.md", "daily-tasks.md", "cli.md", "api.md", "alerts.md"}},
	{"Operation", []string{"operations.md", "console.md", "bounds.md", "python.md", "threat-model.md"}},
	{"Inside", []string{"architecture.md", "internals.md"}},
}
