package zygote_test

import (
	"os"
	"testing"

	"maestro/lane/zygote"
)

// The time from the request for a process until it has answered its first call.

// siteVariable names a folder with numpy and pandas, with which they are measured too.
const siteVariable = "MAESTRO_BENCH_SITE"

const nothing = "def f(input):\n    return 1\n"

func BenchmarkFork(b *testing.B) {
	benchmarkPackages(b, func(cfg zygote.Config) starting { return start(b, cfg).Fork })
}

func BenchmarkSpawn(b *testing.B) {
	benchmarkPackages(b, spawning)
}

func BenchmarkConfinedFork(b *testing.B) {
	cfg := confined(b)
	compile(b, nothing)
	benchmarkFirstCall(b, cfg, nothing, start(b, cfg).Fork)
}

func benchmarkPackages(b *testing.B, by func(zygote.Config) starting) {
	for name, modules := range map[string][]string{
		"bare": nil, "library": {"json", "decimal", "asyncio", "ssl", "sqlite3"}, "numpy": {"numpy"}, "pandas": {"pandas"},
	} {
		b.Run(name, func(b *testing.B) {
			cfg := config(b, modules...)
			if name == "numpy" || name == "pandas" {
				if cfg.Site = os.Getenv(siteVariable); cfg.Site == "" {
					b.Skip(siteVariable + " names no folder of packages")
				}
			}
			source := nothing
			for _, module := range modules {
				source = "import " + module + "\n" + source
			}
			compile(b, source)
			benchmarkFirstCall(b, cfg, source, by(cfg))
		})
	}
}

func benchmarkFirstCall(b *testing.B, cfg zygote.Config, source string, by starting) {
	for b.Loop() {
		p := begin(b, cfg, by)
		p.value(b, source)
		b.StopTimer()
		_ = p.Kill()
		<-p.Exited()
		b.StartTimer()
	}
}
