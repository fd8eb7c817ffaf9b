package handlers

import (
	"encoding/json"
	"fmt"

	"maestro/internal/model"
)

// manyFailures in a row count as a problem of the schedule, not of one run.
const manyFailures = 3

// scheduleView is a schedule as the API shows it.
type scheduleView struct {
	ID             string          `json:"id" format:"uuid"`
	Name           string          `json:"name"`
	FunctionName   string          `json:"function_name"`
	CronExpression string          `json:"cron_expression"`
	Timezone       string          `json:"timezone"`
	Input          json.RawMessage `json:"input_data"`
	Description    *string         `json:"description"`
	IsActive       bool            `json:"is_active"`
	Retry          json.RawMessage `json:"retry"`
	Overlap        model.Overlap   `json:"overlap" enum:"allow,skip"`
	CatchUp        model.CatchUp   `json:"catch_up" enum:"none,latest,all"`
	MaxInstances   int             `json:"max_instances"`

	LastRun         timestamp `json:"last_run" nullable:"true" doc:"The due time that was last started or skipped, or when it was last run by hand"`
	NextRun         timestamp `json:"next_run" nullable:"true" doc:"Null while no run is due"`
	LastStatus      *string   `json:"last_status" doc:"Of the run of last_run, or skipped"`
	LastError       *string   `json:"last_error" doc:"The cause of last_status"`
	LastExecutionID *string   `json:"last_execution_id" format:"uuid"`
	Failures        int       `json:"failures" doc:"In a row, up to the present"`
	Problem         *string   `json:"problem" doc:"Why the schedule needs attention"`
	Digest          string    `json:"digest" doc:"Of the members that its author sets, for base in POST /apply"`
	CreatedAt       timestamp `json:"created_at"`
	UpdatedAt       timestamp `json:"updated_at"`
}

func viewSchedule(s model.Schedule) scheduleView {
	view := scheduleView{
		ID: s.ID.String(), Name: s.Name, FunctionName: s.FunctionName, CronExpression: s.CronExpression, Timezone: s.Timezone,
		Input: s.Input, Description: s.Description, IsActive: s.IsActive, Retry: s.Retry, Overlap: s.Overlap, CatchUp: s.CatchUp,
		MaxInstances: s.MaxInstances, LastRun: timestamp(s.LastRun), NextRun: timestamp(s.NextRun), LastStatus: s.LastStatus,
		LastError: s.LastError, LastExecutionID: idOrNull(s.LastExecutionID), Failures: s.Failures, Problem: problemOfSchedule(s),
		Digest: scheduleMembers(&s).digest(), CreatedAt: timestamp(s.CreatedAt), UpdatedAt: timestamp(s.UpdatedAt),
	}
	if s.FunctionGone || s.FunctionOff {
		view.NextRun = timestamp{}
	}
	return view
}

// problemOfSchedule says why a schedule starts no runs, or only failing ones.
func problemOfSchedule(s model.Schedule) *string {
	if problem := s.FunctionProblem(); problem != nil {
		return &problem.Detail
	}
	var text string
	switch {
	case s.IsActive && s.NextRun.IsZero():
		text = "No run is due."
		if s.LastError != nil {
			text = *s.LastError
		}
	case s.Failures >= manyFailures:
		text = fmt.Sprintf("It failed %d times in a row.", s.Failures)
	default:
		return nil
	}
	return &text
}
