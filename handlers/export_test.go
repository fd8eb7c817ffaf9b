package handlers

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// Fingerprint is fingerprintOf.
func Fingerprint(method, uri, caller, body string) [sha256.Size]byte {
	return fingerprintOf([]byte(method), []byte(uri), []byte(caller), []byte(body))
}

// ClaimOf is what a server asks of the database for an idempotency key.
func ClaimOf(tenant, scope, key string, fingerprint [sha256.Size]byte, id model.ID, lease time.Duration) repo.KeyClaim {
	place := sha256.Sum256(append(append(binary.AppendUvarint(nil, uint64(len(scope))), scope...), key...))
	return repo.KeyClaim{
		Tenant: tenant, Key: place[:], Fingerprint: fingerprint[:], ExecutionID: id, Lease: lease, Keep: time.Hour,
	}
}
