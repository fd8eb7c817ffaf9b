package secrets

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"maestro/internal/mask"
	"maestro/internal/service"
	"maestro/internal/vault"
	"maestro/repo"
)

const (
	keepFormer  = 24 * time.Hour // how long a former value stays masked
	maxFormer   = 1000           // former values of a subtenant
	readTimeout = 5 * time.Second
	retryAfter  = time.Second // between two tries to reload
)

// Keeper provides secrets. It is safe for concurrent use. As a service it writes when
// they were last read; without Start nothing else is missing.
type Keeper struct {
	*service.Loop // Stop writes the last reads

	db      *repo.DB
	vault   *vault.Vault
	log     *slog.Logger
	tenants sync.Map // subtenant → *shelf
}

// shelf is the cache of one subtenant.
type shelf struct {
	current atomic.Pointer[Set] // nil: must be loaded from the database
	changes atomic.Uint64       // counts calls of Changed

	reading sync.Mutex          // held by the goroutine that loads from the database
	last    atomic.Pointer[Set] // the last set loaded; written by the holder of reading
	failed  time.Time           // time of the last failure to load; guarded by reading
}

// New makes a keeper of secrets that are encrypted by v.
func New(db *repo.DB, v *vault.Vault, log *slog.Logger) *Keeper {
	k := &Keeper{db: db, vault: v, log: log}
	k.Loop = service.NewLoop(service.Hooks{Run: k.run, End: k.WriteReads})
	return k
}

// Of returns the current secrets of a subtenant, from memory unless they changed.
// When they can't be reloaded it returns the last known ones; it fails only when
// there are none.
func (k *Keeper) Of(ctx context.Context, tenant string) (*Set, error) {
	s := k.shelf(tenant)
	if now := s.current.Load(); now != nil && (now.until.IsZero() || time.Now().Before(now.until)) {
		return now, nil
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	if now := s.current.Load(); now != nil && (now.until.IsZero() || time.Now().Before(now.until)) {
		return now, nil
	}
	last := s.last.Load()
	if last != nil && time.Since(s.failed) < retryAfter {
		return last, nil
	}
	next, err := k.read(ctx, tenant, s)
	if err == nil {
		return next, nil
	}
	if last == nil {
		return nil, err
	}
	s.failed = time.Now()
	k.log.Warn("secrets can't be read; those known before are used until they can", slog.String("tenant", tenant), slog.Any("error", err))
	return last, nil
}

// read is called with s.reading held.
func (k *Keeper) read(ctx context.Context, tenant string, s *shelf) (*Set, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	for {
		// A change during the query may be missed: then the query is repeated.
		changes := s.changes.Load()
		sealed, err := k.db.SealedSecrets(ctx, tenant)
		if err != nil {
			return nil, err
		}
		next := s.last.Load().follow(k.open(tenant, sealed), time.Now())
		s.last.Store(next)
		s.current.Store(next)
		if s.changes.Load() == changes {
			return next, nil
		}
		s.current.Store(nil)
	}
}

func (k *Keeper) open(tenant string, sealed map[string][]byte) map[string]string {
	values := make(map[string]string, len(sealed))
	for name, text := range sealed {
		value, err := k.vault.Open(tenant, name, text)
		if err != nil { // damaged: the others remain usable
			k.log.Error("a secret can't be opened; store it again", slog.String("tenant", tenant), slog.String("secret", name), slog.Any("error", err))
			continue
		}
		values[name] = string(value)
	}
	return values
}

// Mask masks the values of the subtenant that are in memory: it makes no query, and
// is nil when there are none.
func (k *Keeper) Mask(tenant string) *mask.Mask {
	if k == nil || tenant == "" {
		return nil
	}
	if s, found := k.tenants.Load(tenant); found {
		return s.(*shelf).last.Load().Mask()
	}
	return nil
}

// Put stores a secret, replacing an earlier value.
func (k *Keeper) Put(ctx context.Context, tenant, name, value string) error {
	if err := k.db.PutSecret(ctx, tenant, name, k.vault.Seal(tenant, name, []byte(value))); err != nil {
		return err
	}
	k.Changed(tenant)
	_, err := k.Of(ctx, tenant) // from now on Mask includes the value
	return err
}

// Delete deletes a secret, or returns CodeSecretNotFound.
func (k *Keeper) Delete(ctx context.Context, tenant, name string) error {
	if err := k.db.DeleteSecret(ctx, tenant, name); err != nil {
		return err
	}
	k.Changed(tenant)
	return nil
}

// Changed reports that secrets of a subtenant were changed, on this or another
// server: they are reloaded before their next use.
func (k *Keeper) Changed(tenant string) {
	s := k.shelf(tenant)
	s.changes.Add(1)
	s.current.Store(nil)
}

// Forget drops the cache of a deleted subtenant.
func (k *Keeper) Forget(tenant string) { k.tenants.Delete(tenant) }

func (k *Keeper) shelf(tenant string) *shelf {
	if s, found := k.tenants.Load(tenant); found {
		return s.(*shelf)
	}
	s, _ := k.tenants.LoadOrStore(tenant, &shelf{})
	return s.(*shelf)
}
