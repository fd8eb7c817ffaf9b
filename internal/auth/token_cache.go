package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// cacheFor is how long a verified token is believed without another look.
const cacheFor = 60 * time.Second

// cacheSize bounds the cache. A full one is emptied: that costs a few
// microseconds per live token, once.
const cacheSize = 4096

type tokenHash [sha256.Size]byte

// hashOf is the name of a token in the cache; the token itself is not kept.
func hashOf(token string) tokenHash { return sha256.Sum256([]byte(token)) }

type cached struct {
	principal *Principal
	until     time.Time
}

type cache struct {
	mu      sync.RWMutex
	entries map[tokenHash]cached // guarded by mu
}

func (c *cache) get(key tokenHash, now time.Time) *Principal {
	c.mu.RLock()
	entry, found := c.entries[key]
	c.mu.RUnlock()
	if !found || !now.Before(entry.until) {
		return nil
	}
	return entry.principal
}

// put keeps p for cacheFor, and never past expiry.
func (c *cache) put(key tokenHash, p *Principal, now, expiry time.Time) {
	until := now.Add(cacheFor)
	if expiry.Before(until) {
		until = expiry
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= cacheSize {
		c.entries = make(map[tokenHash]cached)
	}
	c.entries[key] = cached{principal: p, until: until}
}
