package alerts

import (
	"context"
	"errors"
	"fmt"

	"maestro/internal/model"
	"maestro/repo"
)

// deliver makes one attempt.
func (a *Alerts) deliver(ctx context.Context, d *repo.Delivery, setting *Setting) outcome {
	if setting.Function != "" {
		return a.submit(ctx, d, setting.Function)
	}
	return a.post(ctx, d, setting)
}

// submit has a function of the subtenant called with the message. The message's id is
// the execution's: it is called once, however often that is tried.
func (a *Alerts) submit(ctx context.Context, d *repo.Delivery, function string) outcome {
	ctx, cancel := context.WithTimeout(ctx, a.opts.SendTime)
	defer cancel()
	err := a.opts.Submit(ctx, d.Tenant, function, d.ID, d.Payload)
	if err == nil {
		return outcome{}
	}
	var coded *model.Error
	if !errors.As(err, &coded) || coded.Code == model.CodeInternal {
		return outcome{err: fmt.Errorf("function %s could not be called: a fault of the server", function)}
	}
	problem := coded.Detail
	for _, each := range coded.Problems {
		problem += fmt.Sprintf(" (%s: %s)", each.Pointer, each.Message)
	}
	return outcome{
		err: fmt.Errorf("function %s could not be called: %s", function, problem), after: max(coded.RetryAfter, 0),
		final: coded.Code == model.CodeInputInvalid || coded.Code == model.CodeFunctionIsModule,
	}
}
