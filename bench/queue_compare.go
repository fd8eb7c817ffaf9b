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
	// pollEvery is how often is looked whether all is done: seldom enough that
	// looking costs little of what is measured.
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
	var aloneRate, manyRate, oneRate, acceptRate, aloneStart, serverStart []float64
	rate := func(took time.Duration) float64 { return float64(n) / took.Seconds() }
	for round := -1; round < rounds; round++ { // the first one warms up
		drained, err := alone.drain(ctx, n)
		if err != nil {
			return err
		}
		accepted, drainedMany, err := server.drain(ctx, many, n)
		if err != nil {
			return err
		}
		_, drainedOne, err := server.drain(ctx, one, n)
		if err != nil {
			return err
		}
		insertToWork, err := alone.starts(ctx, queueStarts)
		if err != nil {
			return err
		}
		acceptToStart, err := server.starts(ctx, one[0], queueStarts)
		if err != nil {
			return err
		}
		if round < 0 {
			continue
		}
		aloneRate, manyRate, oneRate = append(aloneRate, rate(drained)), append(manyRate, rate(drainedMany)), append(oneRate, rate(drainedOne))
		acceptRate = append(acceptRate, rate(accepted))
		aloneStart, serverStart = append(aloneStart, half(insertToWork)), append(serverStart, half(acceptToStart))
	}
	fmt.Printf("\nthe queue, beside River alone with an empty worker; medians of %d rounds\n", rounds)
	fmt.Printf("%-52s %10s %10s %9s %9s\n", "", "jobs/s", "p50 µs", "rate/riv", "riv/p50")
	line := func(name string, rates, starts []float64) {
		fmt.Printf("%-52s %10.0f", name, middle(rates))
		if starts == nil {
			fmt.Printf(" %10s %9.2f\n", "", middle(rates)/middle(aloneRate))
			return
		}
		fmt.Printf(" %10.0f %9.2f %9.2f\n", middle(starts), middle(rates)/middle(aloneRate), middle(aloneStart)/middle(starts))
	}
	line(fmt.Sprintf("River: %d jobs drained; insert to work, one at a time", n), aloneRate, aloneStart)
	line(fmt.Sprintf("maestro: %d runs of one subtenant; request to start", n), oneRate, serverStart)
	line(fmt.Sprintf("maestro: %d runs of %d subtenants", n, drainTenants), manyRate, nil)
	line(fmt.Sprintf("maestro: the same accepted from %d clients", clientsOfQueue), acceptRate, nil)
	return nil
}

// pauseBetween keeps single runs out of step with whatever happens at regular
// intervals.
func pauseBetween() time.Duration { return 5*time.Millisecond + rand.N(10*time.Millisecond) }

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
