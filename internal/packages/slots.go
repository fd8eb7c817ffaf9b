package packages

import (
	"context"
	"sync"

	"maestro/internal/model"
)

// slots let one install per subtenant run at a time, and a few in total
// (places). Installs on other servers are not waited for: the commit detects
// them.
type slots struct {
	all  *places
	most int // per subtenant, including waiting ones

	mu      sync.Mutex
	tenants map[string]*turn // guarded by mu; those with an install
}

// turn is one subtenant's.
type turn struct {
	free  chan struct{} // has a value while none of them is at work
	users int           // guarded by slots.mu; running or waiting
}

func newSlots(all *places, waiting int) *slots {
	return &slots{all: all, most: waiting + 1, tenants: map[string]*turn{}}
}

// take waits for the subtenant's turn. waits is called if it has to wait. The
// caller must call the returned function at the end.
func (s *slots) take(ctx context.Context, tenant string, waits func()) (func(), error) {
	s.mu.Lock()
	t := s.tenants[tenant]
	if t == nil {
		t = &turn{free: make(chan struct{}, 1)}
		t.free <- struct{}{}
		s.tenants[tenant] = t
	}
	if t.users >= s.most {
		s.mu.Unlock()
		return nil, model.NewError(model.CodeTooManyRequests, "%d installs of this subtenant are waiting already. Wait for them to end, or request several packages with the requirements of one function.", s.most-1)
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
	leaveTurn := func() {
		t.free <- struct{}{}
		leave()
	}
	leavePlace, err := s.all.take(ctx, waits)
	if err != nil {
		leaveTurn()
		return nil, err
	}
	return func() { leavePlace(); leaveTurn() }, nil
}
