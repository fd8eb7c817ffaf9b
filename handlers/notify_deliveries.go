package handlers

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"maestro/repo"
)

// deliveryView is a message as the API shows it.
type deliveryView struct {
	ID            string              `json:"id" format:"uuid" doc:"Also the webhook-id, or the id of the execution of a function that was called with it"`
	Type          string              `json:"type" enum:"function.failed,function.recovered,schedule.missed,schedule.recovered,notify.test"`
	FunctionName  *string             `json:"function_name" doc:"That it is about"`
	Status        repo.DeliveryStatus `json:"status" enum:"pending,delivered,failed" doc:"failed: it was given up"`
	Target        *string             `json:"target" doc:"Where it was sent last: an address, or function and a name; null: nowhere yet"`
	Attempts      int                 `json:"attempts"`
	StatusCode    *int                `json:"status_code" doc:"That the receiver answered with last; null: it gave no answer, or it is a function"`
	Error         *string             `json:"error" doc:"Why the last attempt failed"`
	CreatedAt     timestamp           `json:"created_at"`
	LastAttemptAt timestamp           `json:"last_attempt_at" nullable:"true"`
	NextAttemptAt timestamp           `json:"next_attempt_at" nullable:"true" doc:"Of a pending one"`
	EndedAt       timestamp           `json:"ended_at" nullable:"true"`
	Payload       json.RawMessage     `json:"payload,omitempty" doc:"What the receiver gets; absent of a brief list"`
}

func viewDelivery(d repo.Delivery) deliveryView {
	view := deliveryView{
		ID: d.ID.String(), Type: d.Type, FunctionName: shownText(d.Function), Status: d.Status, Target: shownText(d.Target), Attempts: d.Attempts,
		Error: shownText(d.Error), CreatedAt: timestamp(d.CreatedAt), LastAttemptAt: timestamp(d.LastAttemptAt), EndedAt: timestamp(d.EndedAt), Payload: d.Payload,
	}
	if d.StatusCode != 0 {
		view.StatusCode = &d.StatusCode
	}
	if d.Status == repo.DeliveryPending {
		view.NextAttemptAt = timestamp(d.NextAt)
	}
	return view
}

// shownText is a text that may be missing, as null.
func shownText(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

type deliveryListInput struct {
	PageInput
	BriefInput
	FunctionName string `query:"function_name" minLength:"1" maxLength:"255"`
	Status       string `query:"status" enum:"pending,delivered,failed"`
}

var listDeliveriesOp = huma.Operation{
	OperationID: "list-deliveries", Summary: "List messages and their delivery, newest first", Description: "They are kept for 30 days after their end.",
}

func (s *Server) listDeliveries(ctx context.Context, in *deliveryListInput) (*pageOutput[deliveryView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	page.Brief = in.Brief
	if fault := unstorable([]byte(in.FunctionName)); fault != "" {
		return nil, unmatched("/query/function_name", "The filter function_name", fault)
	}
	found, next, err := s.opts.DB.ListDeliveries(ctx, callFrom(ctx).tenant, repo.DeliveryFilter{
		Function: in.FunctionName, Status: repo.DeliveryStatus(in.Status), Page: page,
	})
	if err != nil {
		return nil, err
	}
	return newPage(&in.PageInput, found, next, viewDelivery), nil
}

type deliveryOutput struct{ Body deliveryView }

const testDoc = "It is sent once, at once; the answer tells what became of it. At most ten in a minute."

var (
	tryNotifyOp         = huma.Operation{OperationID: "test-notify", Summary: "Send a sample to where messages go by default", Description: testDoc}
	tryFunctionNotifyOp = huma.Operation{OperationID: "test-function-notify", Summary: "Send a sample to where messages about a function go", Description: testDoc}
)

func (s *Server) tryNotify(ctx context.Context, _ *struct{}) (*deliveryOutput, error) {
	return s.sendSample(ctx, "")
}

func (s *Server) tryFunctionNotify(ctx context.Context, in *FunctionPath) (*deliveryOutput, error) {
	if _, err := s.opts.DB.Function(ctx, callFrom(ctx).tenant, in.Name); err != nil {
		return nil, err
	}
	return s.sendSample(ctx, in.Name)
}

func (s *Server) sendSample(ctx context.Context, function string) (*deliveryOutput, error) {
	sent, err := s.opts.Alerts.Test(ctx, callFrom(ctx).tenant, function)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{Body: viewDelivery(sent)}, nil
}
