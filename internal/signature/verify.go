package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"maestro/internal/model"
)

// Window is how far the time of a signature may be from ours, in either
// direction, where the scheme signs a time: the senders' own advice.
const Window = 5 * time.Minute

// maxDeliveryBytes bounds a delivery id; a longer one counts as none.
const maxDeliveryBytes = 255

// claim is what the headers of a call say of its signature.
type claim struct {
	prefix    string    // signed in front of the body
	macs      [][]byte  // any of them may be the right one
	at        time.Time // zero: the scheme signs no time
	secretKey func([]byte) ([]byte, error)
}

var (
	errMissing   = errors.New("there is none")
	errMalformed = errors.New("it does not have the form that the scheme demands")
	errMismatch  = errors.New("no active secret makes the same")
	errStale     = errors.New("its time is too far from ours")
	errNoSecret  = errors.New("no secret can be used")
)

// Verify checks the signature of a call with the raw bytes of its body.
// header looks a header up in any case and returns "" when there is none.
// secrets are those that are active; empty ones never count. deliveryID is
// what the sender calls this delivery, the same in each repeat of it, or ""
// when the scheme tells none. The error is a *model.Error with
// CodeUnauthorized.
func Verify(c Config, header func(name string) string, body []byte, secrets [][]byte, now time.Time) (deliveryID string, err error) {
	sent, err := c.read(header)
	if err != nil {
		return "", refusal(err)
	}
	matched, usable := false, false
	for _, secret := range secrets {
		key, err := sent.key(secret)
		if err != nil {
			continue
		}
		usable = true
		expected := sign(key, sent.prefix, body)
		for _, mac := range sent.macs {
			// No early end: which secret it was stays out of the timing.
			matched = hmac.Equal(mac, expected) || matched
		}
	}
	switch {
	case !usable:
		return "", refusal(errNoSecret)
	case !matched:
		return "", refusal(errMismatch)
	case !sent.at.IsZero() && now.Sub(sent.at).Abs() > Window:
		return "", refusal(errStale)
	}
	return sane(c.deliveryID(header, body)), nil
}

func sign(key []byte, prefix string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(prefix))
	mac.Write(body)
	return mac.Sum(nil)
}

// key is what a secret signs with. Anybody can sign with an empty one.
func (s *claim) key(secret []byte) ([]byte, error) {
	if s.secretKey != nil {
		var err error
		if secret, err = s.secretKey(secret); err != nil {
			return nil, err
		}
	}
	if len(secret) == 0 {
		return nil, errNoSecret
	}
	return secret, nil
}

// sane returns a delivery id that may be stored as a key, or "".
func sane(id string) string {
	unprintable := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(id) > maxDeliveryBytes || strings.ContainsFunc(id, unprintable) {
		return ""
	}
	return id
}

func refusal(cause error) *model.Error {
	detail := "The signature of this call is not valid."
	switch {
	case errors.Is(cause, errMissing):
		detail = "This webhook demands a signature, and the call carries none."
	case errors.Is(cause, errStale):
		detail = "The signature of this call was made too long ago, or its sender's clock is wrong."
	case errors.Is(cause, errNoSecret):
		detail = "The signature of this call can't be checked: none of the webhook's secrets can be used."
	}
	return &model.Error{Code: model.CodeUnauthorized, Detail: detail, Cause: cause}
}
