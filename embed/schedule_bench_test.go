package embed

import (
	"context"
	"testing"
	"time"

	"maestro/internal/model"
)

// BenchmarkDispatch is the cost of getting a call onto a thread and its answer
// back, without Python.
func BenchmarkDispatch(b *testing.B) {
	h := newHost(Options{}, fakeMachines(nil))
	_ = h.Start(b.Context())
	defer h.Close(context.Background())
	p := fakeProgram(echo)
	call := model.Call{Tenant: "a", Program: p, Input: []byte("1"), Host: noSiblings{}, Deadline: time.Now().Add(time.Hour)}
	b.Run("one caller", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = h.Call(b.Context(), call)
		}
	})
	b.Run("64 callers", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = h.Call(b.Context(), call)
			}
		})
	})
}
