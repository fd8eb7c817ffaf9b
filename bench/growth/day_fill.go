package main

import (
	"context"
	"encoding/json"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

const (
	usual = "acme"  // keeps executions as the server does
	brief = "brief" // has a term of its own

	batch = 500 // records in one transaction, as many as a busy recorder writes
)

// value is an input or an output of an ordinary length.
const value = `{"customer_id": "CUST-000417", "lines": [{"sku": "A-1", "n": 3}, {"sku": "B-7", "n": 1}], "total": 129.95, "currency": "EUR"}`

// store writes a day's executions, spread evenly over it.
func (p plan) store(ctx context.Context, db *repo.DB, from time.Time) error {
	every := 24 * time.Hour / time.Duration(p.runs)
	records := make([]*model.Record, 0, batch)
	for n := range p.runs {
		records = append(records, p.record(n, from.Add(time.Duration(n)*every)))
		if len(records) < batch && n+1 < p.runs {
			continue
		}
		if err := db.CopyRecords(ctx, records, ""); err != nil {
			return err
		}
		records = records[:0]
	}
	return nil
}

// record is an execution with its steps: one in fifty has failed.
func (p plan) record(n int, at time.Time) *model.Record {
	e := model.Execution{
		ID: model.NewIDAt(at), Tenant: usual, FunctionName: "process_invoice", FunctionVersion: 3, Trigger: model.TriggerWebhook, TriggerID: model.NewIDAt(at),
		Status: model.StatusCompleted, Input: json.RawMessage(value), Output: json.RawMessage(value),
		CreatedAt: at, StartedAt: at, CompletedAt: at.Add(4 * time.Millisecond), Duration: 4 * time.Millisecond, Attempt: 1, RecordComplete: true, InputComplete: true,
	}
	if n%10 == 3 {
		e.Tenant = brief
	}
	if n%50 == 7 {
		message, kind := "the customer does not exist", "ValueError"
		trace := "Traceback (most recent call last):\n  File \"<process_invoice v3>\", line 7, in process_invoice\nValueError: " + message
		e.Status, e.Output, e.Error, e.ErrorType, e.Traceback = model.StatusFailed, nil, &message, &kind, &trace
	}
	steps := make([]model.Step, p.steps)
	for i := range steps {
		steps[i] = model.Step{
			ID: model.NewIDAt(at), ExecutionID: e.ID, Depth: 1, Position: i + 1, Attempt: 1, FunctionName: "validate_customer", FunctionVersion: 1,
			Status: model.StatusCompleted, Input: json.RawMessage(value), Output: json.RawMessage(value),
			StartedAt: at, CompletedAt: at.Add(time.Millisecond), Duration: time.Millisecond, RecordComplete: true,
		}
	}
	return &model.Record{Execution: e, Steps: steps}
}
