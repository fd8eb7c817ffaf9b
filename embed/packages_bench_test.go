package embed

import (
	"context"
	"fmt"
	"testing"
	"time"

	"maestro/cpython"
	"maestro/embed/python"
	"maestro/internal/model"
)

// BenchmarkFirstCallWithPackages is the first call after an install, and what
// there is to compare it with: "none" is the first call of a new subtenant
// without packages, in a warm interpreter; "given" the first one with packages,
// which the warm interpreter is given then; "install" the same for a subtenant
// whose former interpreter is retired by it; "made" an interpreter that is made
// with the folder, before any call.
func BenchmarkFirstCallWithPackages(b *testing.B) {
	more := map[string]string{}
	for n := range 50 { // what a folder of some size has at its top
		more[fmt.Sprintf("package_%d/__init__.py", n)] = ""
	}
	site := packagesOf(b, 1, more)
	h := startPython(b, Options{WarmPool: 1})
	e := newTestEngine(h)
	e.define(b, "f", "def f(input):\n    return input\n")
	tenants := 0
	first := func(b *testing.B, before func(tenant string), packages model.SitePackages) {
		for b.Loop() {
			b.StopTimer()
			h.Forget(fmt.Sprint(tenants))
			tenants++
			tenant := fmt.Sprint(tenants)
			before(tenant)
			for s := h.Stats(); s.InterpretersWarm == 0 || s.InterpretersEnding > 0; s = h.Stats() {
				time.Sleep(time.Millisecond)
			}
			b.StartTimer()
			if outcome, err := e.callWith(context.Background(), tenant, "f", "1", packages); err != nil || outcome.Failure != nil {
				b.Fatalf("%v, %+v", err, outcome.Failure)
			}
		}
	}
	none := func(string) {}
	b.Run("none", func(b *testing.B) { first(b, none, model.SitePackages{}) })
	b.Run("given", func(b *testing.B) { first(b, none, site) })
	b.Run("install", func(b *testing.B) {
		first(b, func(tenant string) { benchCall(b, e, tenant, "f", "1") }, site)
	})
	b.Run("made", func(b *testing.B) {
		for b.Loop() {
			in, err := cpython.New(cpython.Config{Runtime: python.Runtime, SitePackages: site.Path})
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			in.End()
			b.StartTimer()
		}
	})
}
