package repo

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"maestro/internal/model"
)

// checkBytes is the size of the value in the row that CheckWritable tries:
// about a page, so that a disk without room for another one refuses it.
const checkBytes = 6 << 10

// CheckWritable checks whether the server takes records: it writes one and rolls
// it back. It is for the end of an outage, not for regular checks: rows that are
// rolled back have to be vacuumed.
func (d *DB) CheckWritable(ctx context.Context) error {
	value := make([]byte, checkBytes)
	_, _ = rand.Read(value) // it never fails; random, so that it can't be compressed
	input, err := json.Marshal(base64.StdEncoding.EncodeToString(value))
	if err != nil {
		return fmt.Errorf("make a record to check with: %w", err)
	}
	now := time.Now()
	buffer := copyBuffers.Get().(*copyBuffer)
	buffer.begin()
	row := newExecutionRow(&model.Execution{
		ID: model.NewIDAt(now), Status: model.StatusCompleted, Trigger: model.TriggerManual, Input: input,
		CreatedAt: now, StartedAt: now, CompletedAt: now, Attempt: 1,
	}, nil)
	executionTable.copyRow(buffer, &row)
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return d.fail(err, "check whether records are taken")
	}
	defer conn.Release()
	raw := conn.Conn().PgConn()
	if err := rollback(ctx, raw, copyTo(ctx, raw, "BEGIN; "+copyExecutions, buffer)); err != nil {
		return d.fail(err, "check whether records are taken")
	}
	buffer.free()
	return nil
}
