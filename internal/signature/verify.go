package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"maestro/internal/model"
)

// Window is how far a signed time may differ from the time of the server, in
// either direction, as the senders recommend.
const Window = 5 * time.Minute

// maxDeliveryBytes is the maximum length of a delivery id; longer ones are ignored.
const maxDeliveryBytes = 255

// claim is the signature in the headers of a call.
type claim struct {
	prefix    string    // signed in front of the body
	macs      [][]byte  // one of them must match
	at        time.Time // zero: the scheme signs no time
	secretKey func([]byte) ([]byte, error)
}

var (
	errMissing   = errors.New("the signature is missing")
	errMalformed = errors.New("the signature does not have the format of the scheme")
	errMismatch  = errors.New("the signature matches no active secret")
	errStale     = errors.New("the time of the signature is too far from the time of the server")
	errNoSecret  = errors.New("no usable secret is stored")
)

// Verify checks the signature of a call with the raw bytes of its body.
// header returns a header, ignoring case, or "". secrets are the active ones;
// empty ones are ignored. deliveryID is the sender's id of the delivery, the same
// in each repeat, or "" when the scheme has none. The error is a *model.Error with
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
			// No early end, so that the timing does not reveal which secret matches.
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

// key is the key that a secret signs with. An empty one is refused: every
// caller could sign with it.
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

// reasons name the causes, for the owner of the webhook.
var reasons = map[error]string{
	errMissing: "signature_missing", errMalformed: "signature_malformed", errMismatch: "signature_mismatch",
	errStale: "signature_stale", errNoSecret: "no_secret",
}

// ReasonOf names the cause of an error of Verify.
func ReasonOf(err error) string {
	for cause, name := range reasons {
		if errors.Is(err, cause) {
			return name
		}
	}
	return ""
}

func refusal(cause error) *model.Error {
	detail := "The signature of this call is not valid."
	switch {
	case errors.Is(cause, errMissing):
		detail = "This webhook requires a signature, and the call has none. Sign the call."
	case errors.Is(cause, errStale):
		detail = "The time of the signature is too far from the time of the server. Sign the call anew, and check the clock."
	case errors.Is(cause, errNoSecret):
		detail = "The signature can't be checked: none of the webhook's secrets is stored, or usable. Store one."
	}
	return &model.Error{Code: model.CodeUnauthorized, Detail: detail, Cause: cause}
}
