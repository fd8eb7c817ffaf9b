package handlers

import (
	"reflect"
	"slices"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// BulkChoice is what every operation on many executions can be told.
type BulkChoice struct {
	All    bool `query:"all" json:"all,omitempty" doc:"Every execution of the subtenant is meant that the operation is for: needed when there is no filter"`
	DryRun bool `query:"dry_run" json:"dry_run,omitempty" doc:"Count only: change nothing"`
}

// bulkMatch returns the selection in the query or in the body, and the JSON pointer to it.
func bulkMatch[M any](query M, body *M) (match M, at string, err error) {
	if body == nil || reflect.ValueOf(*body).IsZero() {
		return query, "/query", nil
	}
	if !reflect.ValueOf(query).IsZero() {
		return query, "/query", invalid(model.Problem{Message: "has filters, and so does the query; send all filters in one place"})
	}
	return *body, "", nil
}

// filter is the filter of a selection, for executions that are in one of these states now. It has
// no status where none of them is selected. A selection without a filter must have all: a
// filter that got lost must not select every execution.
func (c BulkChoice) filter(match ExecutionMatch, at string, states []model.Status) (filter repo.ExecutionFilter, err error) {
	filtered := !reflect.ValueOf(match).IsZero()
	switch {
	case filtered && c.All:
		return filter, invalidAt(at+"/all", "can't be combined with a filter; leave one of them out")
	case !filtered && !c.All:
		return filter, invalid(model.Problem{Pointer: at, Message: "has no filter; send one, such as function_name or since, or all=true for all of them"})
	}
	if filter, err = match.filter(at); err != nil {
		return filter, err
	}
	if len(filter.Statuses) == 0 {
		filter.Statuses = states
	}
	filter.Statuses = slices.DeleteFunc(slices.Clone(filter.Statuses), func(status model.Status) bool { return !slices.Contains(states, status) })
	// What comes later is excluded, such as the retries that the operation itself makes.
	if now := time.Now(); filter.Until.IsZero() || filter.Until.After(now) {
		filter.Until = now
	}
	return filter, nil
}
