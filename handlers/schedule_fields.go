package handlers

import (
	"encoding/json"
	"time"

	"maestro/internal/cron"
	"maestro/internal/model"
)

const defaultInstances = 3

// ScheduleFields are the members that a schedule may be made or changed with,
// apart from its name, function and expression.
type ScheduleFields struct {
	Timezone     Optional[string]          `json:"timezone,omitzero" maxLength:"64" doc:"Of the IANA database; UTC when left out" example:"Europe/Paris"`
	Input        Optional[json.RawMessage] `json:"input_data,omitzero" doc:"Any JSON value; {} when left out or null"`
	Description  Optional[string]          `json:"description,omitzero" maxLength:"65536"`
	IsActive     Optional[bool]            `json:"is_active,omitzero"`
	Retry        Optional[json.RawMessage] `json:"retry,omitzero" doc:"As a function's, and instead of it; null: the function's"`
	Overlap      Optional[model.Overlap]   `json:"overlap,omitzero" enum:"allow,skip" doc:"skip: not while an earlier run is not finished"`
	CatchUp      Optional[model.CatchUp]   `json:"catch_up,omitzero" enum:"none,latest,all" doc:"Which of the times that were missed by more than 60 seconds are made up for"`
	MaxInstances Optional[int]             `json:"max_instances,omitzero" minimum:"1" maximum:"1000" doc:"Runs that may be unfinished at a time"`

	Digest          owned `json:"digest,omitzero" readOnly:"true"`
	ID              owned `json:"id,omitzero" readOnly:"true"`
	LastRun         owned `json:"last_run,omitzero" readOnly:"true"`
	NextRun         owned `json:"next_run,omitzero" readOnly:"true"`
	LastStatus      owned `json:"last_status,omitzero" readOnly:"true"`
	LastError       owned `json:"last_error,omitzero" readOnly:"true"`
	LastExecutionID owned `json:"last_execution_id,omitzero" readOnly:"true"`
	Failures        owned `json:"failures,omitzero" readOnly:"true"`
	Problem         owned `json:"problem,omitzero" readOnly:"true"`
	CreatedAt       owned `json:"created_at,omitzero" readOnly:"true"`
	UpdatedAt       owned `json:"updated_at,omitzero" readOnly:"true"`
}

// applyTo applies the members to target. A null restores the default of a member
// that has one.
func (in *ScheduleFields) applyTo(target *model.Schedule) error {
	in.Description.apply(&target.Description)
	target.Timezone = in.Timezone.or(target.Timezone, "UTC")
	target.Input = in.Input.or(target.Input, json.RawMessage("{}"))
	target.IsActive = in.IsActive.or(target.IsActive, true)
	target.Overlap = in.Overlap.or(target.Overlap, model.OverlapAllow)
	target.CatchUp = in.CatchUp.or(target.CatchUp, model.CatchUpNone)
	target.MaxInstances = in.MaxInstances.or(target.MaxInstances, defaultInstances)
	problems := textProblems("/name", target.Name)
	if in.Description.given() {
		problems = append(problems, textProblems("/description", in.Description.Value)...)
	}
	if in.Retry.Set {
		policy, wrong := model.ParseRetryPolicy(in.Retry.Value)
		problems = append(problems, wrong...)
		target.Retry = nil
		if policy != nil && len(wrong) == 0 {
			text, err := json.Marshal(policy)
			if err != nil {
				return err
			}
			target.Retry = text
		}
	}
	if len(problems) > 0 {
		return invalid(problems...)
	}
	return nil
}

// setNextRun checks the expression and the time zone, and computes the next due
// time after now. It keeps the time of an unchanged expression, so that another
// change does not lose a run that is due and not started. before is nil for a
// new schedule.
func setNextRun(s, before *model.Schedule, now time.Time) error {
	var problems []model.Problem
	expression, err := cron.Parse(s.CronExpression)
	if err != nil {
		problems = append(problems, model.Problem{Pointer: "/cron_expression", Message: err.Error()})
	}
	zone, err := cron.Zone(s.Timezone)
	if err != nil {
		problems = append(problems, model.Problem{Pointer: "/timezone", Message: err.Error()})
	}
	switch {
	case len(problems) > 0:
		return invalid(problems...)
	case !s.IsActive:
		s.NextRun = time.Time{}
	case before == nil || !before.IsActive || before.NextRun.IsZero() || before.CronExpression != s.CronExpression || before.Timezone != s.Timezone:
		s.NextRun = expression.Next(now, zone)
	}
	return nil
}

// checkTimes checks the expression and the time zone of a schedule that stays as
// it is.
func checkTimes(s *model.Schedule) error {
	checked := *s
	return setNextRun(&checked, nil, time.Now())
}

// ownedProblems compares the members that the server sets with the stored ones;
// stored is nil for a new schedule.
func (in *ScheduleFields) ownedProblems(stored *scheduleView) []model.Problem {
	var id, lastRun, nextRun, status, failed, execution, failures, problem, created, updated, digest any
	if stored != nil {
		id, lastRun, nextRun, status, failed = stored.ID, stored.LastRun, stored.NextRun, stored.LastStatus, stored.LastError
		execution, failures, problem = stored.LastExecutionID, stored.Failures, stored.Problem
		created, updated, digest = stored.CreatedAt, stored.UpdatedAt, stored.Digest
	}
	problems := append(in.ID.sameAs(id, "/id"), in.Digest.sameAs(digest, "/digest")...)
	problems = append(problems, in.LastRun.sameAs(lastRun, "/last_run")...)
	problems = append(problems, in.NextRun.sameAs(nextRun, "/next_run")...)
	problems = append(problems, in.LastStatus.sameAs(status, "/last_status")...)
	problems = append(problems, in.LastError.sameAs(failed, "/last_error")...)
	problems = append(problems, in.LastExecutionID.sameAs(execution, "/last_execution_id")...)
	problems = append(problems, in.Failures.sameAs(failures, "/failures")...)
	problems = append(problems, in.Problem.sameAs(problem, "/problem")...)
	problems = append(problems, in.CreatedAt.sameAs(created, "/created_at")...)
	return append(problems, in.UpdatedAt.sameAs(updated, "/updated_at")...)
}
