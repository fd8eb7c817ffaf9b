package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
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
	traces        bool     // the other server sends its traces to a collector
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
	if p.traces {
		collector, address, err := startCollector()
		if err != nil {
			return err
		}
		defer func() { _ = collector.Close() }()
		p.settings = append(p.settings, "OTEL_EXPORTER_OTLP_ENDPOINT="+address)
	}
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
	for _, clients := range []int{64, 1} {
		fmt.Printf("\n%d client(s), %d pairs of rounds of %s: requests/s of the other server over those of the first\n", clients, p.rounds, p.length)
		fmt.Printf("%-40s %10s %10s %10s %10s %10s %10s %10s\n", "", "median", "lowest", "highest", "req/s", "other", "µs", "ratio")
		for _, t := range pairTargets {
			if err := p.compare(t, hosts, clients); err != nil {
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

// compare prints the row of one target.
func (p pair) compare(t target, hosts [2]string, clients int) error {
	var ratios, usedRatios []float64
	var rates, used [2][]float64
	for round := -1; round < p.rounds; round++ { // the first one warms up
		var f [2]figures
		var spent [2]float64 // µs of processor time for a request
		for i := range hosts {
			at := (i + round + 1) % 2 // each is the first of a pair as often
			t.host = hosts[at]
			before, err := processorTime()
			if err != nil {
				return err
			}
			if f[at], err = generate(t, clients, p.length); err != nil {
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
	fmt.Printf("%-40s %10.3f %10.3f %10.3f %10.0f %10.0f %10.0f %10.3f\n", t.name, middle(ratios), slices.Min(ratios), slices.Max(ratios),
		middle(rates[0]), middle(rates[1]), middle(used[0]), middle(usedRatios))
	return nil
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

// startCollector takes traces and forgets them.
func startCollector() (*http.Server, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	})}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "bench: the collector:", err)
		}
	}()
	return server, "http://" + listener.Addr().String(), nil
}

// settingsOf cuts NAME=VALUE,… apart.
func settingsOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
