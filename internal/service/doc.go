// Package service is the one life-cycle of everything that runs beside the
// requests: it is started once, stopped in the reverse order, and may be asked
// to stop at any time, by any number of goroutines.
//
// It must not know any of the services, and never logs.
package service

import (
	"context"
	"errors"
)

// Service has this life-cycle.
//
// Start returns once the service is at work; ctx bounds the start alone. Stop
// returns once nothing of the service is at work, or with an error when ctx ends
// first; before Start, and the second time, it does nothing. Both may be called
// at any time and from several goroutines. Whether a stopped service can be
// started again is for each to say; one that can't answers ErrStopped.
type Service interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// What Start answers when it may not begin.
var (
	ErrStarted = errors.New("it was started already: stop it first")
	ErrStopped = errors.New("it was stopped: make a new one")
)
