package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"maestro/repo"
)

const (
	queueStarts  = 200 // runs of one measurement of the time to the start
	drainTenants = 50
	// pollEvery is how often completion is checked: rarely enough that checking
	// costs little of the measured time.
	pollEvery = 25 * time.Millisecond
)

// compareQueue prints how fast the server's queue is beside River alone with
// an empty worker: jobs a second while n of them are drained, and the time from
// the request to the start of one run when nothing else is to be done. Rounds
// of the two alternate. Both have the same PostgreSQL, workers, connections and
// fetch settings; what the server does beside is said at serverQueue.
func compareQueue(ctx context.Context, url, host string, n, rounds int) error {
	alone, err := newRiverAlone(ctx, url)
	if err != nil {
		return err
	}
	defer alone.close()
	db, err := repo.Open(ctx, url, repo.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	server := &serverQueue{host: host, db: db, pool: db.Pool()}
	many, err := server.prepare(ctx, drainTenants)
	if err != nil {
		return err
	}
	one, err := server.prepare(ctx, 1)
	if err != nil {
		return err
	}
	var riverDrains, manyDrains, oneDrains, accepts []drained
	var riverStarts, serverStarts []float64
	for round := -1; round < rounds; round++ { // the first one warms up
		ofRiver, err := alone.drain(ctx, n)
		if err != nil {
			return err
		}
		accept, ofMany, err := server.drain(ctx, many, n)
		if err != nil {
			return err
		}
		_, ofOne, err := server.drain(ctx, one, n)
		if err != nil {
			return err
		}
		insertToWork, err := alone.starts(ctx, queueStarts)
		if err != nil {
			return err
		}
		requestToStart, err := server.starts(ctx, one[0], queueStarts)
		if err != nil {
			return err
		}
		if round < 0 {
			continue
		}
		riverDrains, manyDrains, oneDrains = append(riverDrains, ofRiver), append(manyDrains, ofMany), append(oneDrains, ofOne)
		accepts = append(accepts, accept)
		riverStarts, serverStarts = append(riverStarts, half(insertToWork)), append(serverStarts, half(requestToStart))
	}
	fmt.Printf("\nthe queue, beside River alone with an empty worker; medians of %d rounds; CPU is that of all processes, a job\n", rounds)
	fmt.Printf("%-58s %8s %9s %8s %8s\n", "", "jobs/s", "rate/riv", "CPU µs", "riv/CPU")
	rateOf, costOf := func(d drained) float64 { return d.perSecond }, func(d drained) float64 { return d.processor }
	riverRate, riverCost := middleOf(riverDrains, rateOf), middleOf(riverDrains, costOf)
	for _, row := range []struct {
		name string
		all  []drained
	}{
		{fmt.Sprintf("River: %d jobs drained", n), riverDrains},
		{fmt.Sprintf("maestro: %d runs of %d subtenants drained", n, drainTenants), manyDrains},
		{fmt.Sprintf("maestro: %d runs of one subtenant (64 at a time) drained", n), oneDrains},
		{fmt.Sprintf("maestro: accepting them from %d clients", clientsOfQueue), accepts},
	} {
		rate, cost := middleOf(row.all, rateOf), middleOf(row.all, costOf)
		fmt.Printf("%-58s %8.0f %9.2f %8.0f %8.2f\n", row.name, rate, rate/riverRate, cost, riverCost/cost)
	}
	river, ours := middle(riverStarts), middle(serverStarts)
	fmt.Printf("one at a time, p50: River, insert to work %.0f µs; maestro, request to start %.0f µs; ratio %.2f\n", river, ours, river/ours)
	return nil
}

// drained is what it took to do something with many jobs.
type drained struct {
	perSecond float64
	processor float64 // µs a job, of all processes
}

func measure(n int, do func() error) (drained, error) {
	before, err := processorTime()
	if err != nil {
		return drained{}, err
	}
	begin := time.Now()
	if err := do(); err != nil {
		return drained{}, err
	}
	took := time.Since(begin)
	after, err := processorTime()
	return drained{float64(n) / took.Seconds(), float64((after - before).Microseconds()) / float64(n)}, err
}

func middleOf(all []drained, of func(drained) float64) float64 {
	values := make([]float64, len(all))
	for i, d := range all {
		values[i] = of(d)
	}
	return middle(values)
}

// pauseBetween keeps single runs out of step with work that is done at regular
// intervals.
func pauseBetween() time.Duration { return 15*time.Millisecond + rand.N(10*time.Millisecond) }

// untilNone returns when a query answers false.
func untilNone(ctx context.Context, pool *pgxpool.Pool, query string) error {
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		var any bool
		if err := pool.QueryRow(ctx, query).Scan(&any); err != nil {
			return err
		}
		if !any {
			return nil
		}
		time.Sleep(pollEvery)
	}
	return fmt.Errorf("after two minutes there are still some: %s", query)
}

func half(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Nanoseconds()) / 1e3
}

func middle(all []float64) float64 {
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}
