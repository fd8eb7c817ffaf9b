package packages

import (
	"context"
	"sync"

	"maestro/internal/model"
)

// slots let one install of a subtenant be at work at a time, and a few in all
// (places).
// Installs on other servers are not waited for: the commit finds out.
type slots struct {
	all  *places
	most int // of a subtenant, those that wait included

	mu      sync.Mutex
	tenants map[string]*turn // guarded by mu; those with an install
}

// turn is one subtenant's.
type turn struct {
	free  chan struct{} // has a value while none of them is at work
	users int           // guarded by slots.mu; at work or waiting
}

func newSlots(all *places, waiting int) *slots {
	return &slots{all: all, most: waiting + 1, tenants: map[string]*turn{}}
}

// take waits for the subtenant's turn. waits is called when there is something
// to wait for. The caller calls give when it has finished.
func (s *slots) take(ctx context.Context, tenant string, waits func()) (give func(), err error) {
	s.mu.Lock()
	t := s.tenants[tenant]
	if t == nil {
		t = &turn{free: make(chan struct{}, 1)}
		t.free <- struct{}{}
		s.tenants[tenant] = t
	}
	if t.users >= s.most {
		s.mu.Unlock()
		return nil, model.NewError(model.CodeTooManyRequests, "%d installs of this subtenant wait for their turn already; wait for them, or ask for their packages with one function's requirements.", s.most-1)
	}
	t.users++
	s.mu.Unlock()
	leave := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(s.tenants, tenant)
		}
	}
	select {
	case <-t.free:
	default:
		waits()
		select {
		case <-t.free:
		case <-ctx.Done():
			leave()
			return nil, ctx.Err()
		}
	}
	release := func() {
		t.free <- struct{}{}
		leave()
	}
	leavePlace, err := s.all.take(ctx, waits)
	if err != nil {
		release()
		return nil, err
	}
	return func() { leavePlace(); release() }, nil
}
