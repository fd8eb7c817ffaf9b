package treetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Plan is what a call of one of the Functions does: it calls others, in its order or
// all at once, and returns or raises.
type Plan struct {
	ID    int    `json:"id"` // among those of a tree
	Calls []Call `json:"calls,omitempty"`
	// Async says that its function is "anode", an async one; those of its calls may be.
	Async bool `json:"async,omitempty"`
	// Threads says that the calls are made at once: by threads, or by tasks of an
	// async function. The first that fails, in their order, is the exception that
	// arrives.
	Threads bool   `json:"threads,omitempty"`
	Raise   string `json:"raise,omitempty"` // the message of the ValueError that it raises in the end
	Text    bool   `json:"text,omitempty"`  // it returns a text, which the output schema of "strict" refuses
	Dive    int    `json:"dive,omitempty"`  // how often it calls itself within itself, first
	Repeat  int    `json:"repeat,omitempty"`
}

// Call is one sibling call of a Plan.
type Call struct {
	Function string `json:"function"`
	Plan     Plan   `json:"plan"`
	Catch    bool   `json:"catch,omitempty"`  // an exception becomes its class's name
	Misfit   bool   `json:"misfit,omitempty"` // the input is a text, which the input schema of "strict" refuses
}

// MaxSteps is the MAX_STEPS of an engine that the plans are for.
const MaxSteps = 300

// Random makes a plan. seed alone decides on it.
func Random(seed uint64) Plan {
	g := generator{Rand: rand.New(rand.NewPCG(seed, 0)), left: 40}
	plan := g.plan(4, g.IntN(3) == 0)
	switch g.IntN(8) {
	case 0:
		plan.Calls = append(plan.Calls, Call{Function: "node", Catch: g.IntN(2) == 0, Plan: Plan{ID: g.id(), Dive: 98 + g.IntN(4)}})
		plan.Threads = false
	case 1:
		plan.Calls = append(plan.Calls, Call{Function: "node", Catch: g.IntN(2) == 0, Plan: Plan{ID: g.id(), Repeat: MaxSteps - 30 + g.IntN(60)}})
		plan.Threads = false // which calls are too many does not depend on their order
	}
	return plan
}

type generator struct {
	*rand.Rand
	ids, left int
}

func (g *generator) id() int {
	g.ids++
	return g.ids
}

func (g *generator) plan(depth int, async bool) Plan {
	plan := Plan{ID: g.id(), Async: async, Threads: g.IntN(4) == 0, Text: g.IntN(12) == 0}
	if g.IntN(8) == 0 {
		plan.Raise = fmt.Sprintf("no %d", plan.ID)
	}
	for range g.IntN(4) {
		if depth == 0 || g.left == 0 {
			return plan
		}
		g.left--
		function := []string{"node", "node", "strict", "missing"}[g.IntN(4)]
		if function == "missing" && g.IntN(3) > 0 {
			function = "strict"
		}
		inner := async && g.IntN(2) == 0
		if inner {
			function = "anode"
		}
		plan.Calls = append(plan.Calls, Call{
			Function: function, Catch: g.IntN(4) > 0, Misfit: g.IntN(10) == 0, Plan: g.plan(depth-1, inner),
		})
	}
	return plan
}

// JSON is the plan as an input.
func (p *Plan) JSON() []byte {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // it holds texts and numbers only
	}
	return text
}

// Concurrent reports whether some of its calls are made at once.
func (p *Plan) Concurrent() bool {
	return p.Threads || slices.ContainsFunc(p.Calls, func(c Call) bool { return c.Plan.Concurrent() })
}
