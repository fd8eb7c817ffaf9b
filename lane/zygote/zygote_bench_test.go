package zygote_test

import (
	"testing"

	"maestro/lane/zygote"
)

// The time from the request for a process until it has answered its first call.

const nothing = "def f(input):\n    return 1\n"

func BenchmarkFork(b *testing.B) {
	cfg := config(b, "json", "decimal", "asyncio")
	z := start(b, cfg)
	compile(b, nothing)
	benchmarkFirstCall(b, cfg, z.Fork)
}

func BenchmarkSpawn(b *testing.B) {
	cfg := config(b)
	compile(b, nothing)
	benchmarkFirstCall(b, cfg, spawning(cfg))
}

func benchmarkFirstCall(b *testing.B, cfg zygote.Config, by starting) {
	for b.Loop() {
		p := begin(b, cfg, by)
		p.value(b, nothing)
		b.StopTimer()
		_ = p.Kill()
		<-p.Exited()
		b.StartTimer()
	}
}
