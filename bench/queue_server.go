package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/valyala/fasthttp"

	"maestro/internal/auth"
	"maestro/internal/model"
	"maestro/repo"
)

// serverQueue is the server under test, reached as its callers reach it: POST
// /executions with mode async. Each run is stored in two tables with its input
// sealed, claimed within its subtenant's and its function's limits, given to a
// worker by River, run in Python, and recorded.
type serverQueue struct {
	host    string
	db      *repo.DB
	pool    *pgxpool.Pool
	counted model.ID // every record up to this one belongs to an earlier round
}

// clientsOfQueue is how many clients fill the queue at a time.
const clientsOfQueue = 64

// prepare makes subtenants that have the function.
func (s *serverQueue) prepare(ctx context.Context, tenants int) ([]api, error) {
	all := make([]api, tenants)
	for i := range all {
		tenant := fmt.Sprintf("queue-%d-%d", tenants, i)
		if _, err := s.db.EnsureSubtenant(ctx, tenant); err != nil {
			return nil, err
		}
		token, err := auth.Mint([]byte(jwtSecret), auth.Grant{Email: "bench@example.com", Tenant: tenant, TTL: time.Hour})
		if err != nil {
			return nil, err
		}
		all[i] = api{host: s.host, token: token}
		body := map[string]any{"name": "hello_world", "code": "def hello_world(input):\n    return f\"Hello, {input.get('name', 'World')}!\"\n",
			"input_schema": json.RawMessage(helloInput), "output_schema": json.RawMessage(helloOutput)}
		if _, err := all[i].post("/api/v1/functions", body); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// submit asks for one asynchronous run and returns its id.
func (s *serverQueue) submit(client *fasthttp.HostClient, a api) (model.ID, error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI("http://" + s.host + "/api/v1/executions")
	request.Header.SetMethod(fasthttp.MethodPost)
	request.Header.SetContentType("application/json")
	request.Header.Set("Authorization", "Bearer "+a.token)
	request.SetBodyString(`{"function_name": "hello_world", "input_data": {"name": "Claude"}, "mode": "async"}`)
	if err := client.Do(request, response); err != nil {
		return model.ID{}, err
	}
	var answer struct {
		ID string `json:"execution_id"`
	}
	if response.StatusCode() != http.StatusAccepted {
		return model.ID{}, fmt.Errorf("POST /executions: %d %s", response.StatusCode(), response.Body())
	}
	if err := json.Unmarshal(response.Body(), &answer); err != nil {
		return model.ID{}, err
	}
	return model.ParseID(answer.ID)
}

// queueHasRuns looks by index, as the look into River's table does: besides the
// dead rows of ended runs a scan would cost a tenth of the measured time.
const queueHasRuns = `SELECT EXISTS (SELECT 1 FROM (
    SELECT 1 FROM queued_runs WHERE claim IS NULL AND due ORDER BY tenant, function_name, priority, execution_id LIMIT 1) AS waiting)
OR EXISTS (SELECT 1 FROM (
    SELECT 1 FROM queued_runs WHERE claim IS NOT NULL ORDER BY tenant, function_name LIMIT 1) AS under_way)`

// drain has n runs accepted while no server may claim, and returns what that
// took, and then what it took, from when one may, until all are recorded.
func (s *serverQueue) drain(ctx context.Context, tenants []api, n int) (accepting, draining drained, err error) {
	held, err := s.holdClaims(ctx)
	if err != nil {
		return accepting, draining, err
	}
	defer func() { _ = held.Rollback(ctx) }()
	if accepting, err = measure(n, func() error { return s.fill(tenants, n) }); err != nil {
		return accepting, draining, err
	}
	var waiting int
	if err := s.pool.QueryRow(ctx, "SELECT count(*) FROM queued_runs WHERE claim IS NULL").Scan(&waiting); err != nil {
		return accepting, draining, err
	}
	if waiting != n {
		return accepting, draining, fmt.Errorf("%d of %d runs wait", waiting, n)
	}
	draining, err = measure(n, func() error {
		if err := held.Rollback(ctx); err != nil {
			return err
		}
		return untilNone(ctx, s.pool, queueHasRuns)
	})
	if err != nil {
		return accepting, draining, err
	}
	return accepting, draining, s.checkCompleted(ctx, n)
}

// holdClaims keeps every server from claiming until the transaction ends.
func (s *serverQueue) holdClaims(ctx context.Context) (pgx.Tx, error) {
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return nil, err
	}
	const hold = "SELECT set_config('idle_in_transaction_session_timeout', '0', true), pg_advisory_xact_lock(hashtext('maestro.claims'))"
	if _, err := tx.Exec(ctx, hold); err != nil {
		return nil, errors.Join(err, tx.Rollback(ctx))
	}
	return tx, nil
}

func (s *serverQueue) fill(tenants []api, n int) error {
	client := &fasthttp.HostClient{Addr: s.host, MaxConns: clientsOfQueue, ReadTimeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	var wait sync.WaitGroup
	failed := make([]error, clientsOfQueue)
	for c := range clientsOfQueue {
		wait.Go(func() {
			for i := c; i < n && failed[c] == nil; i += clientsOfQueue {
				_, failed[c] = s.submit(client, tenants[i%len(tenants)])
			}
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}

// checkCompleted sees that n runs are recorded as done since the last call. They
// stay: a server deletes no records either.
func (s *serverQueue) checkCompleted(ctx context.Context, n int) error {
	var done int
	err := s.pool.QueryRow(ctx, "SELECT count(*) FROM executions WHERE id > $1 AND status = 'completed' AND tenant LIKE 'queue-%'",
		s.counted.String()).Scan(&done)
	if err != nil {
		return err
	}
	if done != n {
		return fmt.Errorf("%d of %d runs are recorded as completed", done, n)
	}
	s.counted = model.NewID()
	return nil
}

// starts returns, for n runs one after the other, the times from before the
// request until the engine began the run, by the same machine's clock.
func (s *serverQueue) starts(ctx context.Context, a api, n int) ([]time.Duration, error) {
	client := &fasthttp.HostClient{Addr: s.host, MaxConns: 1, ReadTimeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	asked := make(map[model.ID]time.Time, n)
	for range n {
		begin := time.Now()
		id, err := s.submit(client, a)
		if err != nil {
			return nil, err
		}
		asked[id] = begin
		time.Sleep(pauseBetween()) // before the first look, which would be in the way
		if err := untilNone(ctx, s.pool, queueHasRuns); err != nil {
			return nil, err
		}
	}
	rows, err := s.pool.Query(ctx, "SELECT id, started_at FROM executions WHERE id > $1 AND tenant LIKE 'queue-%' AND status = 'completed'", s.counted.String())
	if err != nil {
		return nil, err
	}
	times := make([]time.Duration, 0, n)
	var (
		id      [16]byte
		started time.Time
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &started}, func() error {
		times = append(times, started.Sub(asked[id]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return times, s.checkCompleted(ctx, n)
}
