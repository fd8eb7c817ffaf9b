package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
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

// surviveBrokenLog keeps a server alive whose log has lost its reader: the journal was
// stopped, or a program at the other end of a pipe has ended. Its lines are dropped from
// then on; by default Go ends a program that writes to such a standard error. SIGPIPE is
// not ignored, because child processes would inherit that.
func surviveBrokenLog() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// signalError is why a context of untilSignal ended.
type signalError struct{ os.Signal }

func (e signalError) Error() string { return "received " + e.String() }

// untilSignal returns a context that ends with the first signal that asks the
// server to stop. From then on another one ends the process at once, as the
// system does by default. release gives the signals back.
func untilSignal(ctx context.Context) (_ context.Context, release func()) {
	return untilFirstSignal(ctx, signal.Stop)
}

// untilOrdered is untilSignal for a server with a supervisor, which ends it at a
// second signal: one that reaches both processes (killall maestro) must not count
// twice here, as the supervisor passes its own on.
func untilOrdered(ctx context.Context) (_ context.Context, release func()) {
	return untilFirstSignal(ctx, func(chan<- os.Signal) {})
}

func untilFirstSignal(ctx context.Context, then func(chan<- os.Signal)) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	received := make(chan os.Signal, 1)
	signal.Notify(received, stopSignals()...)
	go func() {
		select {
		case s := <-received:
			cancel(signalError{s})
			then(received)
		case <-ctx.Done():
			signal.Stop(received)
		}
	}()
	return ctx, func() { cancel(nil) }
}

// untilStopped calls do, whose context ends with the first signal that asks this process
// to stop: what do has made is removed then, copies of the database and the key above
// all. The process dies by the signal afterwards, as shells expect.
func untilStopped(ctx context.Context, do func(context.Context) error) error {
	ctx, release := untilSignal(ctx)
	defer release()
	err := do(ctx)
	var stopped signalError
	if errors.As(context.Cause(ctx), &stopped) {
		dieBy(stopped.Signal)
	}
	return err
}

// dieBy ends this process as the signal does by default.
func dieBy(received os.Signal) {
	number, ok := received.(syscall.Signal)
	if !ok {
		number = syscall.SIGKILL
	}
	signal.Reset()
	_ = syscall.Kill(os.Getpid(), number)
	time.Sleep(time.Second)    // any thread may take it
	os.Exit(128 + int(number)) // for the first process of a container there is no default
}

// interrupted reports whether a context of untilSignal ended by SIGINT: an
// operator at a terminal does not want to wait.
func interrupted(ctx context.Context) bool {
	var stopped signalError
	return errors.As(context.Cause(ctx), &stopped) && stopped.Signal == syscall.SIGINT
}
