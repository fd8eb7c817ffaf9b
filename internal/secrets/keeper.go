package secrets

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"maestro/internal/mask"
	"maestro/internal/vault"
	"maestro/repo"
)

const (
	keepFormer  = 24 * time.Hour // how long a value stays masked that is none any more
	maxFormer   = 1000           // of them in a subtenant
	readTimeout = 5 * time.Second
	retryAfter  = time.Second // between two tries to read what has changed
)

// Keeper gives out secrets. It may be used by any number of goroutines.
type Keeper struct {
	db      *repo.DB
	vault   *vault.Vault
	log     *slog.Logger
	tenants sync.Map // subtenant → *shelf
}

// shelf is one subtenant's part.
type shelf struct {
	current atomic.Pointer[Set] // nil: must be read from the database
	changes atomic.Uint64       // counts calls of Changed

	reading sync.Mutex          // held by the goroutine that reads the database
	last    atomic.Pointer[Set] // what was read last; changed by the holder of reading
	failed  time.Time           // when the database could not be read; guarded by reading
}

// New makes a keeper of secrets that are encrypted by v.
func New(db *repo.DB, v *vault.Vault, log *slog.Logger) *Keeper {
	return &Keeper{db: db, vault: v, log: log}
}

// Of returns the subtenant's secrets as they are now, from memory unless they
// changed. When they can't be read again it returns those that were known
// last; it fails only when none were.
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
		// What changes during the read may be missed by it: then it is read again.
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
		if err != nil { // damaged: the others can be used
			k.log.Error("a secret can't be opened; store it again", slog.String("tenant", tenant), slog.String("secret", name), slog.Any("error", err))
			continue
		}
		values[name] = string(value)
	}
	return values
}

// Mask masks the subtenant's values by what is in memory: it asks nobody, and
// is nil when there is nothing to mask.
func (k *Keeper) Mask(tenant string) *mask.Mask {
	if k == nil || tenant == "" {
		return nil
	}
	if s, found := k.tenants.Load(tenant); found {
		return s.(*shelf).last.Load().Mask()
	}
	return nil
}

// Put stores a secret, in place of an earlier one of that name.
func (k *Keeper) Put(ctx context.Context, tenant, name, value string) error {
	if err := k.db.PutSecret(ctx, tenant, name, k.vault.Seal(tenant, name, []byte(value))); err != nil {
		return err
	}
	k.Changed(tenant)
	_, err := k.Of(ctx, tenant) // what is masked by memory knows it from here on
	return err
}

// Delete removes a secret, or answers CodeSecretNotFound.
func (k *Keeper) Delete(ctx context.Context, tenant, name string) error {
	if err := k.db.DeleteSecret(ctx, tenant, name); err != nil {
		return err
	}
	k.Changed(tenant)
	return nil
}

// Changed says that secrets of a subtenant were changed, here or on another
// server: they are read again before they are used again.
func (k *Keeper) Changed(tenant string) {
	s := k.shelf(tenant)
	s.changes.Add(1)
	s.current.Store(nil)
}

// Forget drops what is known of a subtenant that is no more.
func (k *Keeper) Forget(tenant string) { k.tenants.Delete(tenant) }

func (k *Keeper) shelf(tenant string) *shelf {
	if s, found := k.tenants.Load(tenant); found {
		return s.(*shelf)
	}
	s, _ := k.tenants.LoadOrStore(tenant, &shelf{})
	return s.(*shelf)
}
