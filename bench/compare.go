package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"maestro/internal/auth"
	"maestro/internal/scratch"
)

const jwtSecret = "a secret that only this benchmark knows, 32 bytes"

// plan is the plan of a measurement.
type plan struct {
	server    string // a program
	length    time.Duration
	rounds    int
	jobs      int // of a round of the queue; 0: none
	queueOnly bool
}

// compare starts the servers, loads them in turn, and prints the tables.
func compare(p plan) error {
	ctx := context.Background()
	database, err := scratch.Start(ctx, "bench")
	if err != nil {
		return err
	}
	defer database.End()

	self, err := os.Executable()
	if err != nil {
		return err
	}
	env := []string{"DATABASE_URL=" + database.URL(), "SECRET_KEY=" + jwtSecret, "CENSUS_JWT_SECRET=" + jwtSecret, "PORT=0", "HOST=127.0.0.1", "DATA_DIR=" + database.Dir}
	if home := os.Getenv("MAESTRO_PYTHON_HOME"); home != "" {
		env = append(env, "MAESTRO_PYTHON_HOME="+home)
	}
	begin := time.Now()
	maestro, err := start(p.server, env, "serve")
	if err != nil {
		return err
	}
	defer maestro.stop()
	fmt.Printf("maestro ready after %d ms (first start: unpacks Python)\n", time.Since(begin).Milliseconds())
	if !p.queueOnly {
		if err := compareWebhooks(self, env, maestro, p); err != nil {
			return err
		}
	}
	if p.jobs == 0 {
		return nil
	}
	return compareQueue(ctx, database.URL(), maestro.host, p.jobs, p.rounds)
}

// compareWebhooks loads the server and its two limits in turn.
func compareWebhooks(self string, env []string, maestro *child, p plan) error {
	limit, err := start(self, env, "limit")
	if err != nil {
		return err
	}
	defer limit.stop()
	bare, err := start(self, nil, "bare")
	if err != nil {
		return err
	}
	defer bare.stop()

	token, err := auth.Mint([]byte(jwtSecret), auth.Grant{Email: "bench@example.com", Tenant: "default", TTL: time.Hour})
	if err != nil {
		return err
	}
	api := api{host: maestro.host, token: token}
	if err := api.prepare(""); err != nil {
		return err
	}
	apart, err := prepareProcessLane(maestro.host)
	if err != nil {
		return err
	}
	hello := target{method: "POST", path: "/hello", body: `{"name": "Claude"}`, expect: "Hello, Claude!"}
	targets := []target{hello, hello, hello}
	targets[0].name, targets[0].host = "bare Fiber handler", bare.host
	targets[1].name, targets[1].host = "limit: HTTP + schemas + durable record, no Python", limit.host
	targets[2].name, targets[2].host, targets[2].path = "maestro: hello_world by webhook", maestro.host, "/api/v1/h/hello"
	chain := targets[2]
	chain.name, chain.path, chain.expect = "maestro: webhook with three siblings", "/api/v1/h/chain", `"result":3`
	targets = append(targets, chain)
	for _, t := range targets[2:4] {
		t.name, t.path = t.name+", process lane", strings.Replace(t.path, "/h/", "/h/"+processPaths, 1)
		targets = append(targets, t)
	}
	for _, clients := range []int{64, 1} {
		if err := table(targets, clients, p.length, p.rounds); err != nil {
			return err
		}
	}
	if err := api.siblings(); err != nil {
		return err
	}
	fmt.Println("\nthe same in the process lane")
	return apart.siblings()
}

// processTenant is the subtenant whose functions run in the process lane.
const processTenant = "apart"

// processPaths begins the paths of its webhooks: no two subtenants have the same.
const processPaths = "apart-"

// prepareProcessLane stores the same functions for a subtenant of the process lane.
func prepareProcessLane(host string) (api, error) {
	token, err := auth.Mint([]byte(jwtSecret), auth.Grant{Email: "bench@example.com", Tenant: processTenant, TTL: time.Hour})
	if err != nil {
		return api{}, err
	}
	admin, err := auth.Mint([]byte(jwtSecret), auth.Grant{Email: "admin@example.com", Admin: true, TTL: time.Hour})
	if err != nil {
		return api{}, err
	}
	apart := api{host: host, token: token}
	if err := apart.prepare(processPaths); err != nil {
		return api{}, err
	}
	_, err = api{host: host, token: admin}.send(fasthttp.MethodPut, "/api/v1/subtenants/"+processTenant, map[string]any{"lane": "process"})
	return apart, err
}

// table loads the targets in turn, so that a drift of the machine's speed
// meets all of them, and prints the medians and their ratio to the limit.
func table(targets []target, clients int, length time.Duration, rounds int) error {
	all := make([][]figures, len(targets))
	for round := -1; round < rounds; round++ { // the first one warms up
		for i, t := range targets {
			f, err := generate(t, clients, length/time.Duration(1+boolean(round < 0)*3))
			if err != nil {
				return err
			}
			if round >= 0 {
				all[i] = append(all[i], f)
			}
		}
	}
	fmt.Printf("\n%d client(s), load generator on the same processors, median of %d rounds of %s\n", clients, rounds, length)
	fmt.Printf("%-52s %10s %10s %10s %9s %9s\n", "", "req/s", "p50 µs", "p99 µs", "rate/lim", "p50/lim")
	limit := median(all[1])
	for i, t := range targets {
		m := median(all[i])
		fmt.Printf("%-52s %10.0f %10d %10d %9.2f %9.2f\n", t.name, m.perSecond(), m.p50.Microseconds(), m.p99.Microseconds(),
			m.perSecond()/limit.perSecond(), float64(m.p50)/float64(limit.p50))
	}
	return nil
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// median returns the round in the middle by rate.
func median(all []figures) figures {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b figures) int {
		switch {
		case a.perSecond() < b.perSecond():
			return -1
		case a.perSecond() > b.perSecond():
			return 1
		default:
			return 0
		}
	})
	return sorted[len(sorted)/2]
}
