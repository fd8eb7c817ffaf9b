package alerts_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/alerts"
	"maestro/internal/model"
	"maestro/internal/signature"
	"maestro/repo"
)

func TestMessageOfAFailure(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("pay", f.setting(`,"secret_name":"SIGNING"`))
	f.function("quiet", nil)
	f.start()
	f.ends("quiet", model.StatusFailed, 3)
	id := f.ends("pay", model.StatusTimedOut, 1)
	got := f.next()

	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	require.Equal(t, "maestro/1.2.3", got.header.Get("User-Agent"))
	names := signature.Config{Scheme: signature.StandardWebhooks, SecretNames: signature.SecretNames{"SIGNING"}}
	delivery, err := signature.Verify(names, got.header.Get, got.body, [][]byte{[]byte(signingSecret)}, f.clock.Now())
	require.NoError(t, err)
	require.Equal(t, got.header.Get("webhook-id"), delivery)

	require.Equal(t, alerts.TypeFailed, got.Type)
	require.WithinDuration(t, f.clock.Now(), got.Timestamp, time.Millisecond)
	require.Equal(t, alerts.Data{
		Subtenant: tenant, Function: "pay", FunctionVersion: 3, ExecutionID: id.String(), Link: "https://maestro.example/api/v1/executions/" + id.String(),
		Status: model.StatusTimedOut, Trigger: model.TriggerWebhook, Attempt: 1, ErrorType: "ZeroDivisionError", Error: "division by ***", Since: got.Data.Since,
	}, got.Data)

	d := f.until(func(d repo.Delivery) bool { return d.Status == repo.DeliveryDelivered })
	require.Equal(t, delivery, d.ID.String())
	require.Equal(t, f.receiver.URL+"/hook", d.Target)
	require.Equal(t, 204, d.StatusCode)
	require.Equal(t, 1, d.Attempts)
	require.Len(t, f.deliveries(), 1)
}

// TestMessagesOfAStorm: one at once, and an hour later one with the number of the rest.
func TestMessagesOfAStorm(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("pay", f.setting(""))
	a := f.server()
	f.ends("pay", model.StatusFailed, 1)
	f.round(a)
	f.ends("pay", model.StatusFailed, 9_999)
	f.clock.forward(time.Second)
	last := f.ends("pay", model.StatusFailed, 1)
	for range 3 {
		f.round(a)
	}
	require.Len(t, f.messages(), 1)
	f.clock.forward(59 * time.Minute)
	f.round(a)
	require.Len(t, f.messages(), 1)
	f.clock.forward(2 * time.Minute)
	f.round(a)
	f.round(a)
	got := f.messages()
	require.Len(t, got, 2)
	require.Zero(t, got[0].Data.LeftOut)
	require.EqualValues(t, 9_999, got[1].Data.LeftOut, "besides the one that the message shows")
	require.Equal(t, last.String(), got[1].Data.ExecutionID)
	f.clock.forward(2 * time.Hour)
	f.round(a)
	require.Len(t, f.messages(), 2, "nothing failed since")
	f.ends("pay", model.StatusFailed, 2)
	f.round(a)
	require.EqualValues(t, 1, f.messages()[2].Data.LeftOut)
}

func TestMessageOfARecovery(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("pay", f.setting(""))
	a := f.server()
	early := f.clock.Now()
	f.clock.forward(time.Second)
	f.ends("pay", model.StatusFailed, 1)
	f.round(a)
	f.clock.forward(time.Second)
	f.ends("pay", model.StatusFailed, 4)
	f.ends("pay", model.StatusCompleted, 1, func(e *model.Execution) { e.ID, e.CompletedAt = model.NewIDAt(early), early })
	f.ends("pay", model.StatusCancelled, 1)
	f.clock.forward(time.Minute)
	f.round(a)
	require.Len(t, f.messages(), 1, "a success before the failure is none after it")
	id := f.ends("pay", model.StatusCompleted, 1)
	f.ends("pay", model.StatusCompleted, 5)
	f.clock.forward(time.Minute)
	f.round(a)
	got := f.messages()
	require.Len(t, got, 2)
	require.Equal(t, alerts.TypeRecovered, got[1].Type)
	require.EqualValues(t, 4, got[1].Data.LeftOut)
	require.Equal(t, model.StatusCompleted, got[1].Data.Status)
	require.NotEmpty(t, id)

	f.ends("pay", model.StatusFailed, 1) // within the hour
	f.round(a)
	f.clock.forward(time.Second)
	f.ends("pay", model.StatusCompleted, 1)
	f.clock.forward(time.Minute)
	f.round(a)
	require.Len(t, f.messages(), 2, "a failure that was left out has no recovery")
	f.clock.forward(time.Hour)
	f.round(a)
	got = f.messages()
	require.Len(t, got, 4, "the failure that was left out, and that it is over")
	require.Equal(t, []string{alerts.TypeFailed, alerts.TypeRecovered}, []string{got[2].Type, got[3].Type})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	standard, err := json.Marshal(&alerts.Setting{Function: "on_failure", Events: alerts.Events, GraceSeconds: 300})
	require.NoError(t, err)
	require.NoError(t, f.db.SetNotify(ctx, tenant, standard))
	f.function("own", f.setting(`,"events":["recovery"]`))
	f.function("none", json.RawMessage(`"off"`))
	f.function("standard", nil)
	f.function("removed", f.setting(""))
	a := f.server()
	for _, name := range []string{"own", "none", "standard", "removed"} {
		f.ends(name, model.StatusFailed, 1)
	}
	_, err = f.db.UpdateFunction(ctx, tenant, "removed", func(f *model.Function) error { f.Notify = json.RawMessage(`"off"`); return nil }, nil, nil, nil)
	require.NoError(t, err)
	f.round(a)
	got := f.messages()
	require.Len(t, got, 1)
	require.Equal(t, "standard", got[0].Data.Function)
	f.clock.forward(time.Second)
	f.ends("own", model.StatusCompleted, 1)
	f.clock.forward(time.Minute)
	f.round(a)
	require.Equal(t, alerts.TypeRecovered, f.messages()[1].Type, "asked for without failures")

	require.NoError(t, a.Start(ctx))
	require.Contains(t, <-f.called, tenant+` on_failure {"type":"function.failed"`)
	require.Equal(t, alerts.TypeRecovered, f.next().Type)

	require.NoError(t, f.db.DeleteFunction(ctx, tenant, "standard"))
	f.clock.forward(time.Hour)
	f.ends("standard", model.StatusCompleted, 1)
	f.clock.forward(time.Minute)
	f.round(a)
	require.Len(t, f.messages(), 2, "of a deleted function nothing more is told")
}

// TestSettingsThatCannotBeRead: they keep no message of another function.
func TestSettingsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("pay", f.setting(""))
	_, err := f.db.CreateFunction(t.Context(), tenant, model.Function{Name: "strange", Code: "x", Notify: json.RawMessage(`{"pager":1}`)}, nil, nil)
	require.NoError(t, err)
	a := f.server()
	f.ends("strange", model.StatusFailed, 1)
	f.ends("pay", model.StatusFailed, 1)
	f.round(a)
	require.Len(t, f.messages(), 1)
}
