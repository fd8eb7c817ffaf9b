package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"maestro/internal/model"
)

// ItemBase says which state of an item a change was made from.
type ItemBase struct {
	Base Optional[string] `json:"base,omitzero" maxLength:"64" doc:"The digest of the item that the change was made from, null when there was none: 412 when it is another by now, unless it equals the new state. Left out: any"`
}

type applyFunction struct {
	Name string `json:"name" minLength:"1" maxLength:"255" pattern:"^[A-Za-z_][A-Za-z0-9_]*$"`
	Code string `json:"code" doc:"Python source that defines the function, at most 1 MiB"`
	ItemBase
	FunctionFields
}

type applyWebhook struct {
	Path         string `json:"path" maxLength:"255"`
	FunctionName string `json:"function_name" maxLength:"255"`
	ItemBase
	WebhookFields
}

type applySchedule struct {
	Name           string `json:"name" minLength:"1" maxLength:"255"`
	FunctionName   string `json:"function_name" minLength:"1" maxLength:"255"`
	CronExpression string `json:"cron_expression" minLength:"1" maxLength:"255"`
	ItemBase
	ScheduleFields
}

type removeNamed struct {
	Name string `json:"name" minLength:"1" maxLength:"255"`
	ItemBase
}

type removeWebhook struct {
	Path   string           `json:"path" minLength:"1" maxLength:"255"`
	Method Optional[string] `json:"http_method,omitzero" nullable:"false" enum:"GET,HEAD,POST,PUT,DELETE,PATCH,OPTIONS,ANY" doc:"POST when left out"`
	ItemBase
}

type applyBody struct {
	DryRun    bool            `json:"dry_run,omitempty" doc:"Answer with the plan, and change nothing"`
	Functions []applyFunction `json:"functions,omitempty" nullable:"false" maxItems:"1000" doc:"Each as it is to be: a member that is left out gets its default"`
	Webhooks  []applyWebhook  `json:"webhooks,omitempty" nullable:"false" maxItems:"1000" doc:"By method and path"`
	Schedules []applySchedule `json:"schedules,omitempty" nullable:"false" maxItems:"1000" doc:"By name"`
	Delete    struct {
		Functions []removeNamed   `json:"functions,omitempty" nullable:"false" maxItems:"1000"`
		Webhooks  []removeWebhook `json:"webhooks,omitempty" nullable:"false" maxItems:"1000"`
		Schedules []removeNamed   `json:"schedules,omitempty" nullable:"false" maxItems:"1000"`
	} `json:"delete,omitzero" doc:"What else is to go; nothing goes unasked. One that is not there is no error"`
}

// wanted is the state that an item is to have.
type wanted struct {
	pointer string // to the item in the body
	base    Optional[string]
	remove  bool
}

type wantedFunction struct {
	wanted
	model.Function
	fields *FunctionFields // nil for one to be removed
}

type wantedWebhook struct {
	wanted
	model.Webhook
	fields *WebhookFields
}

type wantedSchedule struct {
	wanted
	model.Schedule
	fields *ScheduleFields
}

// wantedSource are the items of a request.
type wantedSource struct {
	functions []wantedFunction // by name
	webhooks  []wantedWebhook
	schedules []wantedSchedule
}

// readSource checks the items as far as they do not depend on stored ones. It
// compiles code, and runs none.
func (s *Server) readSource(ctx context.Context, body *applyBody) (*wantedSource, error) {
	var faults sourceFaults
	source := &wantedSource{}
	seen := map[string]string{}
	tenant := callFrom(ctx).tenant
	once := func(pointer, kind, name string) error {
		first, again := seen[kind+" "+name]
		if again {
			return faults.add(pointer, invalidAt("", "the %s %s is in the request twice, also at %s", kind, name, first))
		}
		seen[kind+" "+name] = pointer
		return nil
	}
	for i := range body.Functions {
		item, pointer := &body.Functions[i], fmt.Sprintf("/functions/%d", i)
		f, err := s.readFunction(ctx, tenant, item)
		if err = faults.add(pointer, err); err != nil {
			return nil, err
		}
		if err := once(pointer, "function", item.Name); err != nil {
			return nil, err
		}
		source.functions = append(source.functions, wantedFunction{wanted{pointer, item.Base, false}, f, &item.FunctionFields})
	}
	for i, item := range body.Delete.Functions {
		pointer := fmt.Sprintf("/delete/functions/%d", i)
		if err := once(pointer, "function", item.Name); err != nil {
			return nil, err
		}
		source.functions = append(source.functions, wantedFunction{wanted{pointer, item.Base, true}, model.Function{Tenant: tenant, Name: item.Name}, nil})
	}
	slices.SortStableFunc(source.functions, func(a, b wantedFunction) int {
		switch { // the order of the database's locks
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	for i := range body.Webhooks {
		item, pointer := &body.Webhooks[i], fmt.Sprintf("/webhooks/%d", i)
		w := model.Webhook{
			Path: item.Path, FunctionName: item.FunctionName, Method: http.MethodPost,
			RequiresAuth: s.opts.WebhooksRequireAuth, InputMode: model.InputAuto, ResponseMode: model.ResponseEnvelope, IsActive: true,
		}
		if err := faults.add(pointer, item.applyTo(&w, s.opts.WebhooksRequireAuth)); err != nil {
			return nil, err
		}
		if err := once(pointer, "webhook", w.Method+" "+w.Path); err != nil {
			return nil, err
		}
		source.webhooks = append(source.webhooks, wantedWebhook{wanted{pointer, item.Base, false}, w, &item.WebhookFields})
	}
	for i, item := range body.Delete.Webhooks {
		pointer, method := fmt.Sprintf("/delete/webhooks/%d", i), item.Method.or(http.MethodPost, http.MethodPost)
		if err := once(pointer, "webhook", method+" "+item.Path); err != nil {
			return nil, err
		}
		source.webhooks = append(source.webhooks, wantedWebhook{wanted{pointer, item.Base, true}, model.Webhook{Method: method, Path: item.Path}, nil})
	}
	for i := range body.Schedules {
		item, pointer := &body.Schedules[i], fmt.Sprintf("/schedules/%d", i)
		job := newSchedule(item.Name, item.FunctionName, item.CronExpression)
		err := item.applyTo(&job)
		if err == nil {
			err = checkTimes(&job)
		}
		if err = faults.add(pointer, err); err != nil {
			return nil, err
		}
		if err := once(pointer, "schedule", item.Name); err != nil {
			return nil, err
		}
		source.schedules = append(source.schedules, wantedSchedule{wanted{pointer, item.Base, false}, job, &item.ScheduleFields})
	}
	for i, item := range body.Delete.Schedules {
		pointer := fmt.Sprintf("/delete/schedules/%d", i)
		if err := once(pointer, "schedule", item.Name); err != nil {
			return nil, err
		}
		source.schedules = append(source.schedules, wantedSchedule{wanted{pointer, item.Base, true}, model.Schedule{Name: item.Name}, nil})
	}
	return source, faults.err()
}

// readFunction makes the function of an item.
func (s *Server) readFunction(ctx context.Context, tenant string, item *applyFunction) (model.Function, error) {
	f := model.Function{Tenant: tenant, Name: item.Name, Kind: model.KindFunction, Code: item.Code}
	if fault := nameFault(item.Name); fault != "" {
		return f, invalidAt("/name", "%s", fault)
	}
	if item.Kind.Set {
		f.Kind = model.FunctionKind(item.Kind.Value)
	}
	f.InputDerived, f.OutputDerived = f.Kind == model.KindFunction, f.Kind == model.KindFunction
	if err := item.applyTo(&f, s.opts.FunctionTimeout); err != nil {
		return f, err
	}
	return f, s.checkCode(ctx, &f)
}

// keepDerived leaves a schema derived that was sent back as it is stored.
func keepDerived(f, before *model.Function) {
	if before.Kind != f.Kind || before.Code != f.Code {
		return
	}
	keep := func(schema *json.RawMessage, derived *bool, stored json.RawMessage, was bool) {
		if !*derived && was && sameSchema(*schema, stored) {
			*schema, *derived = stored, true
		}
	}
	keep(&f.InputSchema, &f.InputDerived, before.InputSchema, before.InputDerived)
	keep(&f.OutputSchema, &f.OutputDerived, before.OutputSchema, before.OutputDerived)
}
