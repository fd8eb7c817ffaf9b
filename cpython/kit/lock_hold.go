package kit

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// lock takes the exclusive flock of the file at path and returns the function
// that releases it. Each call opens the file separately, so goroutines exclude
// each other as processes do. waiting, which may be nil, is called once if the lock is taken.
func lock(ctx context.Context, path string, waiting func()) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, err
	}
	release := func() { _ = file.Close() } // the lock goes with the descriptor
	err = flock(file, syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return release, nil
	}
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		release()
		return nil, err
	}
	if waiting != nil {
		waiting()
	}
	// flock cannot be interrupted. If ctx ends first, the goroutine remains until
	// it gets the lock and releases it immediately.
	got := make(chan error, 1)
	go func() { got <- flock(file, syscall.LOCK_EX) }()
	select {
	case err := <-got:
		if err != nil {
			release()
			return nil, err
		}
		return release, nil
	case <-ctx.Done():
		go func() { <-got; release() }() //nolint:errcheck // released whether the lock came or not
		return nil, ctx.Err()
	}
}

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
