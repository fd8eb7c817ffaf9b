package recorder

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/postgres"
	"maestro/internal/testkit"
	"maestro/migrations"
	"maestro/repo"
)

// BenchmarkRecorder compares, with 64 clients that wait for their commits, the
// recorder with one INSERT per execution. The server syncs as it does in
// production. ns/op is the time per execution over all clients.
func BenchmarkRecorder(b *testing.B) {
	server, err := postgres.Start(b.Context(), postgres.Options{DataDir: testkit.DataDir(b)})
	require.NoError(b, err)
	b.Cleanup(func() { _ = server.Stop(context.Background()) })
	_, err = migrations.Up(b.Context(), server.URL())
	require.NoError(b, err)
	db, err := repo.Open(b.Context(), server.URL(), repo.Options{MaxConns: 64})
	require.NoError(b, err)
	b.Cleanup(db.Close)
	require.NoError(b, db.EnsurePartitions(b.Context(), time.Now()))
	r := New(db, Options{}, slog.New(slog.DiscardHandler))
	require.NoError(b, r.Start(b.Context()))
	b.Cleanup(func() { _ = r.Stop(context.Background()) })

	const insert = `INSERT INTO executions (id, tenant, function_name, function_version, trigger_type, status, input_data,
		output_data, created_at, started_at, completed_at, duration_us, attempt, record_complete)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	clients(b, "insert each", func(ctx context.Context) error {
		e := newRecord(0).Execution
		_, err := db.Pool().Exec(ctx, insert, [16]byte(e.ID), e.Tenant, e.FunctionName, e.FunctionVersion, string(e.Trigger),
			string(e.Status), e.Input, e.Output, e.CreatedAt, e.StartedAt, e.CompletedAt, e.Duration.Microseconds(), e.Attempt, true)
		return err
	})
	clients(b, "recorder", func(ctx context.Context) error { return committed(r.Finish(ctx, newRecord(0))) })
	clients(b, "transaction each, 3 steps", func(ctx context.Context) error {
		return db.CopyRecords(ctx, []*model.Record{newRecord(3)}, "bench")
	})
	clients(b, "recorder, 3 steps", func(ctx context.Context) error { return committed(r.Finish(ctx, newRecord(3))) })
}

func committed(kept model.Kept) error {
	if kept != model.Committed {
		return errors.New("a record is " + kept.String())
	}
	return nil
}

func clients(b *testing.B, name string, write func(context.Context) error) {
	b.Run(name, func(b *testing.B) {
		b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0))) // 64 clients
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := write(b.Context()); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "executions/s")
	})
}
