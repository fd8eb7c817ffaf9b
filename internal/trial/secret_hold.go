package trial

import (
	"context"
	"sync"

	"maestro/internal/engine"
	"maestro/internal/secrets"
)

// vault holds the secrets that tests have set. Nothing else is a secret here.
type vault struct {
	mu     sync.Mutex // guards what follows
	values map[string]string
	set    *secrets.Set
}

var _ engine.Secrets = (*vault)(nil)

// Of implements engine.Secrets.
func (v *vault) Of(context.Context, string) (*secrets.Set, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.set, nil
}

// Forget implements engine.Secrets.
func (v *vault) Forget(string) {}

// put sets a secret; nil takes it away.
func (v *vault) put(name string, value *string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.values == nil {
		v.values = map[string]string{}
	}
	if value == nil {
		delete(v.values, name)
	} else {
		v.values[name] = *value
	}
	v.set = secrets.NewSet(v.values)
}
