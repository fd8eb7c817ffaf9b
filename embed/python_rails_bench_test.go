package embed

import (
	"fmt"
	"testing"
)

// BenchmarkRails compares calls and uses of files with rails to those without,
// in one run.
func BenchmarkRails(b *testing.B) {
	plain, railed := newTestEngine(startPython(b, Options{})), setupRails(b, nil).testEngine
	const repeat = 1000
	programs := []struct {
		name, source string
		times        int
	}{
		{"hello", "def f(input):\n    return 1\n", 1},
		{"sibling", "def f(input):\n    for i in range(1000):\n        same(i)\n", repeat},
		{"open", "def f(input):\n    for i in range(1000):\n        open('/etc/hosts').close()\n", repeat},
		{"open of the kit", "import json\ndef f(input):\n    for i in range(1000):\n        open(json.__file__).close()\n", repeat},
		{"stat", "import os\ndef f(input):\n    for i in range(1000):\n        os.stat('/etc/hosts')\n", repeat},
		{"write", "def f(input):\n    with open('/dev/null', 'wb', 0) as file:\n        for i in range(1000):\n            file.write(b'x')\n", repeat},
		{"subprocess", "import subprocess\ndef f(input):\n    subprocess.run(['true'])\n", 1},
	}
	for _, p := range programs {
		for _, e := range []*testEngine{plain, railed} {
			e.define(b, "same", "def same(x):\n    return x\n")
			e.define(b, "f", p.source)
		}
		for _, turn := range []int{1, 2, 3} {
			for name, e := range map[string]*testEngine{"plain": plain, "rails": railed} {
				b.Run(fmt.Sprintf("%s/%s/%d", p.name, name, turn), func(b *testing.B) {
					benchCall(b, e, "a", "f", "null")
					defer reportProcessor(b)()
					for b.Loop() {
						benchCall(b, e, "a", "f", "null")
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*p.times), "ns/each")
				})
			}
		}
	}
	for _, turn := range []int{1, 2, 3} {
		for name, e := range map[string]*testEngine{"plain": plain, "rails": railed} {
			b.Run(fmt.Sprintf("by turns in two tenants/%s/%d", name, turn), func(b *testing.B) {
				e.define(b, "hello", "def hello(input):\n    return 1\n")
				tenants := []string{"a", "b"}
				for i := 0; b.Loop(); i++ {
					benchCall(b, e, tenants[i%2], "hello", "null")
				}
			})
		}
	}
}
