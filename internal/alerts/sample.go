package alerts

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// testsAMinute is how many test messages a subtenant may send in a minute.
const testsAMinute = 10

// Test sends a sample to where messages about a function go, or those of functions
// without a setting of their own if none is named. It is attempted once.
func (a *Alerts) Test(ctx context.Context, tenant, function string) (repo.Delivery, error) {
	_, raw, err := a.opts.DB.Notify(ctx, tenant, function)
	if err != nil {
		return repo.Delivery{}, err
	}
	setting := stored(raw)
	if setting == nil {
		return repo.Delivery{}, model.NewError(model.CodeInvalid, "No message would be sent: notify is not set, or off. Set it first.")
	}
	now := a.now()
	recent, err := a.opts.DB.CountTests(ctx, tenant, now.Add(-time.Minute))
	if err != nil {
		return repo.Delivery{}, err
	}
	if recent >= testsAMinute {
		busy := model.NewError(model.CodeTooManyRequests, "%d test messages were sent within a minute. Wait before sending the next.", recent)
		busy.RetryAfter = time.Minute
		return repo.Delivery{}, busy
	}
	m := Message{Type: TypeTest, Timestamp: now, Data: Data{Subtenant: tenant, Function: function, Reason: "A test of notify. Nothing is wrong."}}
	sample, err := m.delivery("", now)
	if err != nil {
		return repo.Delivery{}, err
	}
	sample.Problem = "test:" + sample.ID.String()
	sample.Attempts, sample.NextAt, sample.LastAttemptAt = 1, now.Add(lease), now
	made, err := a.opts.DB.InsertDelivery(ctx, sample)
	if err != nil {
		return made, err
	}
	made.Notify = raw
	a.attempt(ctx, &made)
	if made.Status != repo.DeliveryPending {
		made.EndedAt = made.NextAt
	}
	return made, nil
}

// Check lists the faults of a setting that only a server can know: an address in
// numbers to which messages may not be sent. Names are checked when they are resolved.
func (a *Alerts) Check(s *Setting) []model.Problem {
	if s == nil || s.URL == "" {
		return nil
	}
	to, err := url.Parse(s.URL)
	if err != nil {
		return nil // reported by Parse
	}
	port := to.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[to.Scheme]
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return []model.Problem{{Pointer: "/notify/url", Message: "must have a port from 1 to 65535"}}
	}
	if _, err := netip.ParseAddr(to.Hostname()); err != nil {
		return nil
	}
	if err := a.refused(net.JoinHostPort(to.Hostname(), port)); err != nil {
		return []model.Problem{{Pointer: "/notify/url", Message: err.Error()}}
	}
	return nil
}
