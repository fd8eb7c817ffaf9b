package payload

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Header is a header of a request as it was sent.
type Header struct {
	name, value []byte
	hash        uint32 // of the name in lower case
}

// HeaderName is the name of a header, to compare with those of a request.
func HeaderName(name string) Header { return Header{name: []byte(name), hash: lowerHash([]byte(name))} }

// Len is the approximate length of the header in JSON.
func (h *Header) Len() int { return len(h.name) + len(h.value) + 8 }

// ReadHeaders parses the raw headers of a request. The slices point into raw. A
// folded line continues the value of the line before.
func ReadHeaders(into []Header, raw []byte) []Header {
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		raw = rest
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && len(into) > 0 {
			last := &into[len(into)-1]
			last.value = bytes.Join([][]byte{last.value, bytes.TrimSpace(line)}, []byte(" "))
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 {
			continue
		}
		into = append(into, Header{name: name, value: bytes.TrimSpace(value), hash: lowerHash(name)})
	}
	return into
}

// lowerHash is FNV-1a over the name in lower case: it makes finding repeated
// names cheap for any number of headers.
func lowerHash(name []byte) uint32 {
	hash := uint32(2166136261)
	for _, b := range name {
		if b >= 'A' && b <= 'Z' {
			b |= 0x20
		}
		hash = (hash ^ uint32(b)) * 16777619
	}
	return hash
}

func (h *Header) is(other *Header) bool {
	return h.hash == other.hash && bytes.EqualFold(h.name, other.name)
}

var (
	hashAuthorization      = lowerHash([]byte("authorization"))
	hashProxyAuthorization = lowerHash([]byte("proxy-authorization"))
	hashCookie             = lowerHash([]byte("cookie"))
)

// sensitive reports whether the value of the header is recorded as ***.
func (h *Header) sensitive() bool {
	switch h.hash {
	case hashAuthorization, hashProxyAuthorization, hashCookie:
		return true
	default:
		return false
	}
}

// SessionCookie is the name of the cookie with a session of the API, which reaches no
// function.
const SessionCookie = "maestro_session"

// withoutSession is the value of a Cookie header without the sessions in it.
func withoutSession(value []byte) []byte {
	if !bytes.Contains(value, []byte(SessionCookie)) {
		return value
	}
	var kept [][]byte
	for pair := range bytes.SplitSeq(value, []byte(";")) {
		if name, _, _ := bytes.Cut(pair, []byte("=")); string(bytes.TrimSpace(name)) != SessionCookie {
			kept = append(kept, bytes.TrimSpace(pair))
		}
	}
	return bytes.Join(kept, []byte("; "))
}

// AppendHeaders appends the headers as a JSON object, in the spelling and order of
// the sender; the values of a repeated header are joined. Without authorization
// the header Authorization is left out, and always the cookie of a session. signed names the headers that carry the
// signature. It also returns the values that must not be recorded.
func AppendHeaders(dst []byte, headers []Header, authorization bool, signed []Header) ([]byte, []string) {
	var secrets []string
	dst = append(dst, '{')
	first := true
	for i := range headers {
		h := &headers[i]
		if h.hash == hashAuthorization && !authorization || repeats(headers, i) {
			continue
		}
		value := joined(headers, i)
		if h.hash == hashCookie {
			if value = withoutSession(value); len(value) == 0 {
				continue
			}
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = AppendString(dst, h.name)
		dst = append(dst, ':')
		dst = AppendString(dst, value)
		switch {
		case len(value) == 0:
		case h.sensitive():
			secrets = append(secrets, secretsOf(value)...)
		case contains(signed, h):
			secrets = append(secrets, signaturesOf(value)...)
		}
	}
	return append(dst, '}'), secrets
}

// contains reports whether a header is one of names.
func contains(names []Header, h *Header) bool {
	for i := range names {
		if h.is(&names[i]) {
			return true
		}
	}
	return false
}

// repeats reports whether an earlier header has the same name.
func repeats(headers []Header, i int) bool { return contains(headers[:i], &headers[i]) }

// joined is the value of header i, joined with those of later headers of the name.
func joined(headers []Header, i int) []byte {
	value, shared := headers[i].value, true
	for j := i + 1; j < len(headers); j++ {
		if !headers[j].is(&headers[i]) {
			continue
		}
		if shared {
			value, shared = bytes.Clone(value), false
		}
		value = append(append(value, ", "...), headers[j].value...)
	}
	if !utf8.Valid(value) {
		value = Latin1(value)
	}
	return value
}

// secretsOf are the parts of a sensitive header that must not be recorded: its
// value, and the credentials after the scheme, which a function may extract.
func secretsOf(value []byte) []string {
	secrets := []string{string(value)}
	if _, credentials, ok := bytes.Cut(value, []byte(" ")); ok && len(credentials) > 0 {
		secrets = append(secrets, string(bytes.TrimSpace(credentials)))
	}
	return secrets
}

// shortestMAC is the minimum length of a signature of 32 bytes in any encoding.
// Shorter parts of its header are a time or a version.
const shortestMAC = 40

// signaturesOf are the parts of a signature's header that must not be recorded:
// its value, and the signatures in it, which a function may extract.
func signaturesOf(value []byte) []string {
	signatures := []string{string(value)}
	for _, part := range strings.FieldsFunc(string(value), func(r rune) bool { return strings.ContainsRune(" ,;=", r) }) {
		if len(part) >= shortestMAC {
			signatures = append(signatures, part)
		}
	}
	return signatures
}
