package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// cacheFor is how long the principal of a token is cached.
const cacheFor = 60 * time.Second

// cacheSize limits the cache. A full cache is emptied: each live token is then
// verified once more, which takes a few microseconds.
const cacheSize = 4096

type tokenHash [sha256.Size]byte

// hashOf is the key of a token in the cache; the token itself is not kept.
func hashOf(token string) tokenHash { return sha256.Sum256([]byte(token)) }

type cached struct {
	principal *Principal
	until     time.Time
}

// cache keeps principals by the hash of their token.
type cache struct {
	mu         sync.RWMutex
	entries    map[tokenHash]cached // guarded by mu
	generation uint64               // guarded by mu: raised by each forget
}

// get returns the principal, or nil and the generation for a new one.
func (c *cache) get(key tokenHash, now time.Time) (p *Principal, generation uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	entry, found := c.entries[key]
	if !found || !now.Before(entry.until) {
		return nil, c.generation
	}
	return entry.principal, c.generation
}

// put caches p for cacheFor, but not beyond expiry (zero: not known). A principal
// requested before the last forget may be out of date and is not cached.
func (c *cache) put(key tokenHash, p *Principal, generation uint64, now, expiry time.Time) {
	until := now.Add(cacheFor)
	if !expiry.IsZero() && expiry.Before(until) {
		until = expiry
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if c.entries == nil || len(c.entries) >= cacheSize {
		c.entries = make(map[tokenHash]cached)
	}
	c.entries[key] = cached{principal: p, until: until}
}

// forget drops the principals of a user, or all when subject is empty.
func (c *cache) forget(subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	for key, entry := range c.entries {
		if subject == "" || entry.principal.Subject == subject {
			delete(c.entries, key)
		}
	}
}
