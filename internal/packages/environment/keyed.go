package environment

import (
	"context"
	"sync"
)

// keyed is a lock for each of any number of keys. The zero value is ready.
type keyed struct {
	mu   sync.Mutex
	held map[string]chan struct{} // guarded by mu; closed when the key is free again
}

// lock waits until the key is free.
func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		k.mu.Lock()
		free, held := k.held[key]
		if !held {
			if k.held == nil {
				k.held = map[string]chan struct{}{}
			}
			free = make(chan struct{})
			k.held[key] = free
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.held, key)
				k.mu.Unlock()
				close(free)
			}, nil
		}
		k.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
