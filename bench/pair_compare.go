package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"maestro/internal/auth"
	"maestro/internal/scratch"
)

// pair is two servers that are compared: programs, settings, or both.
type pair struct {
	server, other string
	settings      []string // of the other server, NAME=VALUE
	length        time.Duration
	rounds        int
}

// comparePair loads the two servers in turn, on one database, and prints the ratio of the
// other server's rate to the first's in each pair of rounds. The last columns are the
// processor time that a request took of all that takes part (client, servers, database,
// collector), which other load on the machine disturbs less, and the median of its ratios.
func comparePair(p pair) error {
	database, err := scratch.Start(context.Background(), "bench")
	if err != nil {
		return err
	}
	defer database.End()
	names := []string{"server", "other"}
	var hosts [2]string
	for i, program := range []string{p.server, p.other} {
		env := []string{
			"DATABASE_URL=" + database.URL(), "SECRET_KEY=" + jwtSecret, "CENSUS_JWT_SECRET=" + jwtSecret, "PORT=0", "HOST=127.0.0.1",
			"DATA_DIR=" + filepath.Join(database.Dir, names[i]), "DRAIN_SECONDS=0",
		}
		if i == 1 {
			env = append(env, p.settings...)
		}
		child, err := start(program, env, "serve")
		if err != nil {
			return err
		}
		defer child.stop()
		hosts[i] = child.host
	}
	if err := prepare(hosts); err != nil {
		return err
	}
	return p.compareAll("the other server", func(t target) (sides [2]target) {
		for i, host := range hosts {
			sides[i] = t
			sides[i].host = host
		}
		return sides
	})
}

// compareAll prints a table for each number of clients. sides are what the rounds of a
// pair load, and other says what the second one is.
func (p pair) compareAll(other string, sides func(target) [2]target) error {
	for _, clients := range []int{64, 1} {
		fmt.Printf("\n%d client(s), %d pairs of rounds of %s: requests/s of %s over those of the first\n", clients, p.rounds, p.length, other)
		fmt.Printf("%-32s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", "", "median", "quarter", "lowest", "highest", "req/s", "other", "µs", "ratio", "quarter")
		for _, t := range pairTargets {
			if err := p.compare(t.name, sides(t), clients); err != nil {
				return err
			}
		}
	}
	return nil
}

var pairTargets = []target{
	{name: "hello_world by webhook", method: "POST", path: "/api/v1/h/hello", body: `{"name": "Claude"}`, expect: "Hello, Claude!"},
	{name: "webhook with three siblings", method: "POST", path: "/api/v1/h/chain", body: `{"name": "Claude"}`, expect: `"result":3`},
}

// compare prints the row of one target. Beside a median stands how far the quarter of the
// ratios next to it on either side lies from it, at most.
func (p pair) compare(name string, sides [2]target, clients int) error {
	var ratios, usedRatios []float64
	var rates, used [2][]float64
	for round := -1; round < p.rounds; round++ { // the first one warms up
		var f [2]figures
		var spent [2]float64 // µs of processor time for a request
		for i := range sides {
			at := (i + round + 1) % 2 // each is the first of a pair as often
			before, err := processorTime()
			if err != nil {
				return err
			}
			if f[at], err = generate(sides[at], clients, p.length); err != nil {
				return err
			}
			after, err := processorTime()
			if err != nil {
				return err
			}
			spent[at] = float64((after - before).Microseconds()) / float64(f[at].requests)
		}
		if round < 0 {
			continue
		}
		ratios = append(ratios, f[1].perSecond()/f[0].perSecond())
		usedRatios = append(usedRatios, spent[1]/spent[0])
		for i := range f {
			rates[i], used[i] = append(rates[i], f[i].perSecond()), append(used[i], spent[i])
		}
	}
	fmt.Printf("%-32s %8.3f %8.3f %8.3f %8.3f %8.0f %8.0f %8.1f %8.3f %8.3f\n", name, middle(ratios), spread(ratios), slices.Min(ratios), slices.Max(ratios),
		middle(rates[0]), middle(rates[1]), middle(used[0]), middle(usedRatios), spread(usedRatios))
	return nil
}

// spread is how far the quartiles of values lie from their median, the larger of the two.
func spread(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := middle(values)
	return max(at-sorted[len(sorted)/4], sorted[len(sorted)-1-len(sorted)/4]-at)
}

// prepare stores the functions through the first server, and waits until the other one
// has heard of them.
func prepare(hosts [2]string) error {
	token, err := auth.Mint([]byte(jwtSecret), auth.Grant{Email: "bench@example.com", Tenant: "default", TTL: time.Hour})
	if err != nil {
		return err
	}
	if err := (api{host: hosts[0], token: token}).prepare(""); err != nil {
		return err
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		_, err := api{host: hosts[1], token: token}.post(pairTargets[1].path, map[string]string{"name": "Claude"})
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// settingsOf cuts NAME=VALUE,… apart.
func settingsOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
