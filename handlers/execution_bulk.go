package handlers

import (
	"reflect"

	"maestro/internal/model"
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

// check refuses a selection that has neither a filter nor all: a filter that got lost must not
// select every execution.
func (c BulkChoice) check(match ExecutionMatch, at string) error {
	filtered := !reflect.ValueOf(match).IsZero()
	switch {
	case filtered && c.All:
		return invalidAt(at+"/all", "can't be combined with a filter; leave one of them out")
	case !filtered && !c.All:
		return invalid(model.Problem{Pointer: at, Message: "has no filter; send one, such as function_name or since, or all=true for all of them"})
	}
	return nil
}
