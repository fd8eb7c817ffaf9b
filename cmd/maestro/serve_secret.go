package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"maestro/internal/config"
	"maestro/internal/idempotency"
	"maestro/internal/secrets"
	"maestro/internal/session"
	"maestro/internal/vault"
	"maestro/repo"
)

// checkSecretKey refuses a server whose SECRET_KEY is not that of the servers
// before it on the same database: it could not read what they encrypted. The
// database keeps a fingerprint, from which the key can't be found.
func checkSecretKey(ctx context.Context, db *repo.DB, cfg *config.Config) error {
	sum, err := hkdf.Key(sha256.New, []byte(cfg.SecretKey), nil, "maestro secret key fingerprint v1", 16)
	if err != nil {
		return fmt.Errorf("fingerprint SECRET_KEY: %w", err)
	}
	mine := hex.EncodeToString(sum)
	kept, err := db.FactOnce(ctx, "secret_key_fingerprint", mine)
	if err != nil {
		return err
	}
	if kept != mine {
		return errors.New("SECRET_KEY is not the one that this database was first used with: set that one (without DATABASE_URL it is in the data folder's secret_key)")
	}
	return nil
}

// startSecrets makes the keepers of the data that is encrypted under SECRET_KEY:
// secrets, the inputs of pending runs, the answers to requests with an idempotency
// key, and sessions of the console.
func (p *parts) startSecrets(ctx context.Context) error {
	values, err := vault.New([]byte(p.cfg.SecretKey), vault.Secrets)
	if err != nil {
		return err
	}
	answers, err := vault.New([]byte(p.cfg.SecretKey), vault.Answers)
	if err != nil {
		return err
	}
	if p.inputs, err = vault.New([]byte(p.cfg.SecretKey), vault.Inputs); err != nil {
		return err
	}
	if p.sessions, err = session.New([]byte(p.cfg.SecretKey)); err != nil {
		return err
	}
	p.secrets = secrets.New(p.db, values, p.log)
	if err := startService(ctx, &p.stops, "last reads of secrets", p.secrets); err != nil {
		return err
	}
	p.keys = idempotency.New(p.db, answers, idempotency.Options{Lease: p.timing.keyLease, Server: p.id, Grace: p.recorder.Grace}, p.log)
	return nil
}
