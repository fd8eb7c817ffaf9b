package handlers

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"maestro/internal/idempotency"
	"maestro/internal/model"
	"maestro/repo"
)

// Fingerprint is that of a request.
func Fingerprint(method, target, caller, body string) [sha256.Size]byte {
	o := idempotency.Occasion{Method: method, Target: []byte(target), Caller: caller, Body: []byte(body)}
	return o.Fingerprint()
}

// ClaimOf is what a server asks of the database for an idempotency key.
func ClaimOf(tenant, scope, key string, fingerprint [sha256.Size]byte, id model.ID, lease time.Duration) repo.KeyClaim {
	place := sha256.Sum256(append(append(binary.AppendUvarint(nil, uint64(len(scope))), scope...), key...))
	return repo.KeyClaim{
		Tenant: tenant, Key: place[:], Fingerprint: fingerprint[:], ExecutionID: id, Lease: lease, Keep: time.Hour,
	}
}

// Routes lists the route table: who may call each method and path.
func (s *Server) Routes() map[string]string {
	callers := map[access]string{public: "public", sender: "sender", visitor: "visitor", user: "user", admin: "admin"}
	routes := map[string]string{}
	for _, g := range s.routes() {
		for address, e := range g.endpoints {
			if !e.handler.absent {
				routes[address] = callers[e.caller]
			}
		}
	}
	return routes
}
