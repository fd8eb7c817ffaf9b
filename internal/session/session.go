// Package session makes a token a text for a cookie, and finds the token in it
// again: encrypted, because a cookie is kept in files of the browser, and with an
// end.
//
// It must not know HTTP, and must not decide whether a token is valid.
package session

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"maestro/internal/vault"
)

const (
	// Longest is after how long a session ends, however long its token is valid.
	Longest = 12 * time.Hour
	// MaxToken is the longest token, in bytes, whose session fits into the 4 KB that
	// browsers keep of a cookie.
	MaxToken = 2800
)

// place is what the sealed text is bound to.
const place = "cookie"

// Session is a token until an end.
type Session struct {
	Token string
	Until time.Time // to the second
}

// Keeper seals and opens sessions. It is safe for concurrent use, and keeps none:
// every server with the same SECRET_KEY opens them.
type Keeper struct{ vault *vault.Vault }

// New makes a keeper whose key is derived from secretKey.
func New(secretKey []byte) (*Keeper, error) {
	v, err := vault.New(secretKey, vault.Sessions)
	if err != nil {
		return nil, fmt.Errorf("make the keeper of sessions: %w", err)
	}
	return &Keeper{vault: v}, nil
}

// Begin is a session from now on: it ends with its token at expiry, unless that is
// zero, and after Longest.
func Begin(token string, now, expiry time.Time) Session {
	until := now.Add(Longest)
	if !expiry.IsZero() && expiry.Before(until) {
		until = expiry
	}
	return Session{Token: token, Until: until.Truncate(time.Second)}
}

// Seal makes the text of a session.
func (k *Keeper) Seal(s Session) string {
	plain := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(s.Token)), uint64(s.Until.Unix()))
	return base64.RawURLEncoding.EncodeToString(k.vault.Seal("", place, append(plain, s.Token...)))
}

// Open finds the session in a text. It is false for a text that is none of Seal's,
// and for a session that has ended.
func (k *Keeper) Open(text string, now time.Time) (Session, bool) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return Session{}, false
	}
	plain, err := k.vault.Open("", place, sealed)
	if err != nil || len(plain) < 8 {
		return Session{}, false
	}
	s := Session{Token: string(plain[8:]), Until: time.Unix(int64(binary.BigEndian.Uint64(plain)), 0)}
	return s, now.Before(s.Until)
}
