package idempotency

import (
	"crypto/sha256"
	"encoding/binary"

	"maestro/internal/model"
)

// The scopes of keys. Strangers, who may send any key to a public webhook, must
// not reach those of a subtenant's own callers. Who signs has a scope for each
// webhook: a sender may tell two of them of the same event.
const (
	ScopeMembers = "members"
	ScopePublic  = "public"
)

// ScopeOf is the scope of a webhook whose callers sign.
func ScopeOf(webhook model.ID) string { return "webhook:" + webhook.String() }

// KeyOf is the key that a caller chose, apart from every id of a delivery.
func KeyOf(key string) string { return "key:" + key }

// DeliveryOf is the key of a delivery, by the id that the signature's scheme
// gave it.
func DeliveryOf(delivery string) string { return "delivery:" + delivery }

// Occasion is a request that is to run once. Its parts may be the connection's:
// they are read before Try returns.
type Occasion struct {
	Tenant string
	Scope  string // in which the key stands for one request
	Key    string // by KeyOf or DeliveryOf

	// What a repeat must have in common with the first one.
	Method string
	Target []byte // byte for byte
	Caller string // empty for a stranger
	Body   []byte // nil where repeats are known to differ
}

// Fingerprint is a hash of what a repeat must have in common with the first
// one.
func (o *Occasion) Fingerprint() [sha256.Size]byte {
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(o.Method), o.Target, []byte(o.Caller)} {
		hash.Write(binary.AppendUvarint(nil, uint64(len(part))))
		hash.Write(part)
	}
	hash.Write(o.Body)
	return [sha256.Size]byte(hash.Sum(nil))
}
