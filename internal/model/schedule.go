package model

import (
	"encoding/json"
	"time"
)

// Overlap says whether a schedule starts a run while an earlier one is not
// finished.
type Overlap string

// The values of Overlap.
const (
	OverlapAllow Overlap = "allow" // the default: up to max_instances
	OverlapSkip  Overlap = "skip"
)

// Overlaps lists them. The API's schema and the database's check hold the same.
var Overlaps = []Overlap{OverlapAllow, OverlapSkip}

// CatchUp says which of the due times that were missed by more than a minute a
// schedule starts afterwards.
type CatchUp string

// The values of CatchUp.
const (
	CatchUpNone   CatchUp = "none" // the default
	CatchUpLatest CatchUp = "latest"
	CatchUpAll    CatchUp = "all"
)

// CatchUps lists them. The API's schema and the database's check hold the same.
var CatchUps = []CatchUp{CatchUpNone, CatchUpLatest, CatchUpAll}

// Schedule runs a function at times.
type Schedule struct {
	ID             ID
	Tenant         string
	Name           string
	FunctionName   string
	CronExpression string
	Timezone       string
	Input          json.RawMessage
	Description    *string
	IsActive       bool
	Retry          json.RawMessage // nil: the function's policy
	Overlap        Overlap
	CatchUp        CatchUp
	MaxInstances   int

	NextRun         time.Time // zero: never; the scheduler's
	HeldUntil       time.Time // zero unless NextRun is due and waits for earlier runs to end
	LastRun         time.Time // the due time that was last started or skipped
	LastStatus      *string   // of the run of LastRun, or skipped
	LastExecutionID ID        // zero when it was skipped
	LastError       *string   // why LastStatus is what it is, for people
	Failures        int       // in a row
	Missed          []Missed  // due times that its start has left without a run; not stored with it
	FunctionGone    bool      // there is no active function of that name; worked out as it is read
	FunctionOff     bool      // there is one, and it is switched off; worked out as it is read

	CreatedAt, UpdatedAt time.Time
}

// Missed is a due time that has no run, though the schedule's settings wanted one.
type Missed struct {
	Due    time.Time
	Reason string // for people
}

// FunctionProblem says why the schedule's function cannot run: it was deleted, or
// is switched off. It is nil if the function can run.
func (s *Schedule) FunctionProblem() *Error {
	switch {
	case s.FunctionGone:
		return NewError(CodeFunctionNotFound, "The function %q was deleted. Create it again, or change function_name.", s.FunctionName)
	case s.FunctionOff:
		return NewError(CodeFunctionInactive, "The function %q is switched off. Set its is_active to true, or change function_name.", s.FunctionName)
	default:
		return nil
	}
}
