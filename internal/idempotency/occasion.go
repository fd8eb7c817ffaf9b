package idempotency

import (
	"crypto/sha256"
	"encoding/binary"

	"maestro/internal/model"
)

// The scopes of keys. Callers without a token, who may send any key to a public
// webhook, must not use the keys of the subtenant's callers. Signing senders have
// a scope per webhook, because a sender may send one event to two webhooks.
const (
	ScopeMembers = "members"
	ScopePublic  = "public"
)

// ScopeOf is the scope of a webhook with a signature.
func ScopeOf(webhook model.ID) string { return "webhook:" + webhook.String() }

// KeyOf is the key chosen by a caller, distinct from all delivery ids.
func KeyOf(key string) string { return "key:" + key }

// DeliveryOf is the key of a delivery, by its id in the signature scheme.
func DeliveryOf(delivery string) string { return "delivery:" + delivery }

// Occasion identifies requests that run once. Its parts may be memory of the
// connection: they are read before Try returns.
type Occasion struct {
	Tenant string
	Scope  string // in which the key is unique
	Key    string // by KeyOf or DeliveryOf

	// The parts that a repeat must have in common with the first request.
	Method string
	Target []byte // byte for byte
	Caller string // empty without a token
	Body   []byte // nil where repeats may differ
}

// Fingerprint is a hash of the parts that a repeat must have in common with the
// first request.
func (o *Occasion) Fingerprint() [sha256.Size]byte {
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(o.Method), o.Target, []byte(o.Caller)} {
		hash.Write(binary.AppendUvarint(nil, uint64(len(part))))
		hash.Write(part)
	}
	hash.Write(o.Body)
	return [sha256.Size]byte(hash.Sum(nil))
}
