package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// stopSignals end the server. SIGHUP, which a closed terminal sends, is no
// demand to read settings again; a server that was started with it ignored
// (nohup) goes on ignoring it.
func stopSignals() []os.Signal {
	signals := []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// signalError is why a context of untilSignal ended.
type signalError struct{ os.Signal }

func (e signalError) Error() string { return "received " + e.String() }

// untilSignal returns a context that ends with the first signal that asks the
// server to stop. From then on another one ends the process at once, as the
// system does by default. release gives the signals back.
func untilSignal(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	received := make(chan os.Signal, 1)
	signal.Notify(received, stopSignals()...)
	go func() {
		select {
		case s := <-received:
			signal.Stop(received)
			cancel(signalError{s})
		case <-ctx.Done():
			signal.Stop(received)
		}
	}()
	return ctx, func() { cancel(nil) }
}

// interrupted reports whether a context of untilSignal ended by SIGINT: an
// operator at a terminal does not want to wait.
func interrupted(ctx context.Context) bool {
	var stopped signalError
	return errors.As(context.Cause(ctx), &stopped) && stopped.Signal == syscall.SIGINT
}
