package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// The headers of the schemes.
const (
	githubSignature    = "X-Hub-Signature-256"
	githubSignatureOld = "X-Hub-Signature" // SHA-1, sent by GitHub and never verified
	githubDelivery     = "X-GitHub-Delivery"
	stripeSignature    = "Stripe-Signature"
	slackSignature     = "X-Slack-Signature"
	slackTimestamp     = "X-Slack-Request-Timestamp"
	standardSignature  = "webhook-signature"
	standardTimestamp  = "webhook-timestamp"
	standardID         = "webhook-id"
	svixSignature      = "svix-signature" // the same under the names from before the standard
	svixTimestamp      = "svix-timestamp"
	svixID             = "svix-id"
)

const standardSecretPrefix = "whsec_"

// read reads the signature from the headers of a call.
func (c Config) read(header func(string) string) (*claim, error) {
	switch c.Scheme {
	case GitHub:
		return readPrefixed(header(githubSignature), "sha256=", "")
	case Slack:
		return readSlack(header)
	case Stripe:
		return readStripe(header(stripeSignature))
	case StandardWebhooks:
		return readStandard(header)
	case HMACSHA256:
		return readPlain(header(c.Header))
	default:
		return nil, errMalformed
	}
}

// readPrefixed reads a required prefix, and hexadecimal digits.
func readPrefixed(text, mark, signedPrefix string) (*claim, error) {
	if text == "" {
		return nil, errMissing
	}
	digits, found := strings.CutPrefix(text, mark)
	mac, err := hex.DecodeString(digits)
	if !found || err != nil {
		return nil, errMalformed
	}
	return &claim{prefix: signedPrefix, macs: [][]byte{mac}}, nil
}

func readSlack(header func(string) string) (*claim, error) {
	stamp := header(slackTimestamp)
	sent, err := readPrefixed(header(slackSignature), "v0=", "v0:"+stamp+":")
	if err != nil {
		return nil, err
	}
	sent.at, err = readTime(stamp)
	return sent, err
}

// readStripe reads "t=1492774577,v1=5257…,v1=…,v0=…": one time and, during the
// replacement of a secret, several signatures. v0 is for tests of Stripe.
func readStripe(text string) (*claim, error) {
	if text == "" {
		return nil, errMissing
	}
	var stamp string
	sent := &claim{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case name == "t" && stamp != "":
			return nil, errMalformed
		case name == "t":
			stamp = value
		case name == "v1":
			if mac, err := hex.DecodeString(value); err == nil {
				sent.macs = append(sent.macs, mac)
			}
		}
	}
	if len(sent.macs) == 0 {
		return nil, errMalformed
	}
	sent.prefix = stamp + "."
	var err error
	sent.at, err = readTime(stamp)
	return sent, err
}

// standardHeaders are the three headers of Standard Webhooks, or those with the names
// that Svix has for them, which senders such as Clerk and Resend use. They are of one
// kind: an id of the other is not signed.
func standardHeaders(header func(string) string) (id, stamp, signatures string) {
	if header(standardSignature) == "" {
		return header(svixID), header(svixTimestamp), header(svixSignature)
	}
	return header(standardID), header(standardTimestamp), header(standardSignature)
}

// readStandard reads the three headers of Standard Webhooks. The signatures
// are separated by spaces, each with its version: "v1,K5oZ… v1,g0hM…". v1a is
// an asymmetric one, which a shared secret can't verify.
func readStandard(header func(string) string) (*claim, error) {
	id, stamp, text := standardHeaders(header)
	if text == "" {
		return nil, errMissing
	}
	if id == "" {
		return nil, errMalformed
	}
	sent := &claim{prefix: id + "." + stamp + ".", secretKey: standardKey}
	for part := range strings.FieldsSeq(text) {
		version, value, _ := strings.Cut(part, ",")
		if version != "v1" {
			continue
		}
		if mac, err := base64.StdEncoding.DecodeString(value); err == nil {
			sent.macs = append(sent.macs, mac)
		}
	}
	if len(sent.macs) == 0 {
		return nil, errMalformed
	}
	var err error
	sent.at, err = readTime(stamp)
	return sent, err
}

// standardKey decodes a secret of Standard Webhooks: base64, usually after
// "whsec_". A secret without that prefix that is not base64 is the key itself.
func standardKey(secret []byte) ([]byte, error) {
	encoded, marked := bytes.CutPrefix(bytes.TrimSpace(secret), []byte(standardSecretPrefix))
	key, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(encoded, "=")))
	if err != nil && !marked {
		return secret, nil
	}
	return key, err
}

// readPlain reads a bare signature of 32 bytes, in hexadecimal digits or in
// base64 of either alphabet, with "sha256=" in front or without.
func readPlain(text string) (*claim, error) {
	if text == "" {
		return nil, errMissing
	}
	const mark = "sha256="
	if len(text) > len(mark) && strings.EqualFold(text[:len(mark)], mark) {
		text = text[len(mark):]
	}
	mac, err := hex.DecodeString(text)
	if err != nil {
		plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		if mac, err = base64.RawStdEncoding.DecodeString(plain); err != nil {
			return nil, errMalformed
		}
	}
	return &claim{macs: [][]byte{mac}}, nil
}

// readTime reads seconds since 1970, digits only.
func readTime(text string) (time.Time, error) {
	if text == "" || len(text) > 12 || strings.Trim(text, "0123456789") != "" {
		return time.Time{}, errMalformed
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds == 0 {
		return time.Time{}, errMalformed
	}
	return time.Unix(seconds, 0), nil
}
