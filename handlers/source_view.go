package handlers

// ItemChange is what an apply does with an item.
type ItemChange struct {
	Action  string   `json:"action" enum:"create,update,delete,unchanged"`
	Changes []string `json:"changes" nullable:"false" doc:"With update: the members that change"`
	Digest  *string  `json:"digest" doc:"Of the item afterwards, for base; null: it is gone"`
}

type functionChange struct {
	Name string `json:"name"`
	ItemChange
	Version  int           `json:"version" doc:"Afterwards; of a dry run, as it would be; 0: it was never there"`
	Warnings []warningView `json:"warnings" nullable:"false" doc:"Possible faults of the code that is new. They do not prevent it from being saved"`
	CalledBy []string      `json:"called_by" nullable:"false" doc:"With delete: functions and modules, not of this request, whose code calls or imports it"`
}

type webhookChange struct {
	Method       string `json:"http_method"`
	Path         string `json:"path"`
	FunctionName string `json:"function_name"`
	ItemChange
	URL string `json:"url"`
}

type scheduleChange struct {
	Name         string `json:"name"`
	FunctionName string `json:"function_name"`
	ItemChange
	NextRun timestamp `json:"next_run" nullable:"true"`
}

type applyOutput struct {
	Body applyView
}

type applyView struct {
	SubtenantID string           `json:"subtenant_id"`
	DryRun      bool             `json:"dry_run" doc:"Nothing was changed"`
	Functions   []functionChange `json:"functions" nullable:"false" doc:"By name, those to be deleted among them"`
	Webhooks    []webhookChange  `json:"webhooks" nullable:"false" doc:"In the order of the request, those to be deleted at the end"`
	Schedules   []scheduleChange `json:"schedules" nullable:"false" doc:"In the order of the request, those to be deleted at the end"`
}
