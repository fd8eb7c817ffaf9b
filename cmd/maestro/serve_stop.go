package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"maestro/handlers"
	"maestro/internal/service"
)

const (
	// stopTime is what each part gets to come to its end.
	stopTime = 15 * time.Second
	// answerTime is what connections get beyond the grace, to carry the answers of
	// runs that were stopped at its end.
	answerTime = 5 * time.Second
)

// stop ends the parts, in the reverse of the order in which they were started:
// no new connections and no new runs, those under way until the grace is over,
// Python, the log, the recorder's queue, the database.
func (p *parts) stop(grace time.Duration) {
	p.drain()
	p.grace = grace
	p.stops.Stop(func(part string, err error) {
		p.log.Warn("a part did not stop cleanly", slog.String("part", part), slog.Any("error", err))
	})
}

// endRuns takes no more requests and no more runs, and returns when those under
// way are over. The three wait for each other's: requests for their runs, and
// runs for the answers to be carried.
func (p *parts) endRuns(context.Context) error {
	drain, cancel := context.WithTimeout(context.Background(), p.grace)
	defer cancel()
	// Requests that wait for packages are answered before the connections end.
	defer context.AfterFunc(drain, func() { _ = p.packages.Close(drain) })()
	answers, cancel := context.WithTimeout(context.Background(), p.grace+answerTime)
	defer cancel()
	var httpErr error
	closed := make(chan struct{}) // the listener and every connection are
	go func() { httpErr = p.http.Shutdown(answers); close(closed) }()
	queueStopped := p.stopQueue(drain)
	select {
	case <-closed:
	case <-time.After(handlers.LastRequestTime): // the runs of requests in transit begin
	case <-drain.Done():
	}
	p.engine.Drain(drain)
	<-closed
	return errors.Join(failure("queue", <-queueStopped), failure("http", httpErr))
}

// failure says which part err is of; nil stays nil.
func failure(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", part, err)
}

// startService starts a service and leaves its stop on the stack.
func startService(ctx context.Context, stops *service.Stack, part string, s service.Service) error {
	if err := s.Start(ctx); err != nil {
		return err
	}
	stops.Push(part, stopTime, s.Stop)
	return nil
}

// closing makes a stop of a function that neither waits nor fails.
func closing(end func()) func(context.Context) error {
	return func(context.Context) error {
		end()
		return nil
	}
}
