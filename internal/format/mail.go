package format

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func checkEmail(text string) error { return checkMailbox(text, false) }

// checkIDNEmail is RFC 6531: characters beyond ASCII may stand on both sides.
func checkIDNEmail(text string) error { return checkMailbox(text, true) }

// checkMailbox is "Mailbox" of RFC 5321, section 4.1.2.
func checkMailbox(text string, wide bool) error {
	const most, mostLocal = 254, 64 // in bytes, RFC 5321 section 4.5.3.1
	if len(text) > most {
		return errors.New("it is longer than 254 bytes")
	}
	if !utf8.ValidString(text) {
		return errors.New("it is not valid UTF-8")
	}
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return errors.New("the @ is missing")
	}
	local, domain := text[:at], text[at+1:]
	if local == "" || len(local) > mostLocal {
		return errors.New("the part before the @ must have 1 to 64 bytes")
	}
	if err := checkLocal(local, wide); err != nil {
		return err
	}
	if literal, ok := strings.CutPrefix(domain, "["); ok {
		literal, ok = strings.CutSuffix(literal, "]")
		if address, is6 := strings.CutPrefix(literal, "IPv6:"); ok && is6 {
			return checkIPv6(address)
		}
		if !ok {
			return errors.New("the bracket after the @ is not closed")
		}
		return checkIPv4(literal)
	}
	if wide {
		return checkIDNHostname(norm.NFC.String(domain)) // mail systems normalise, RFC 6532 section 3.1
	}
	return checkHostname(domain)
}

var checkIPv6 = borrow("ipv6")

func checkLocal(local string, wide bool) error {
	if inner, ok := strings.CutPrefix(local, `"`); ok {
		inner, ok = strings.CutSuffix(inner, `"`)
		if !ok {
			return errors.New("the quotation mark before the @ is not closed")
		}
		return checkQuoted(inner, wide)
	}
	for _, atom := range strings.Split(local, ".") {
		if atom == "" {
			return errors.New("a dot must stand between two other characters")
		}
		for _, c := range atom {
			plain := c < utf8.RuneSelf && (unreserved(byte(c)) || strings.ContainsRune("!#$%&'*+/=?^`{|}", c))
			if !plain && (!wide || c < utf8.RuneSelf) {
				return errors.New("a character before the @ is not allowed; put that part in quotation marks")
			}
		}
	}
	return nil
}

func checkQuoted(text string, wide bool) error {
	escaped := false
	for _, c := range text {
		switch {
		case c < ' ' || c >= 0x7F && (!wide || c < utf8.RuneSelf):
			return errors.New("a character in the quotation marks is not allowed")
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return errors.New(`a quotation mark within the quotation marks needs a \ before it`)
		}
	}
	if escaped {
		return errors.New(`a \ needs a character after it`)
	}
	return nil
}

// checkIPv4 is the dotted quad of RFC 2673, section 3.2.
func checkIPv4(text string) error {
	wrong := errors.New("it must be four numbers from 0 to 255 without leading zeros, with dots between")
	parts := 0
	for part := range strings.SplitSeq(text, ".") {
		if parts++; parts > 4 || part == "" || len(part) > 3 || part[0] == '0' && len(part) > 1 {
			return wrong
		}
		value := 0
		for i := range len(part) {
			if !isDigit(part[i]) {
				return wrong
			}
			value = value*10 + int(part[i]-'0')
		}
		if value > 255 {
			return wrong
		}
	}
	if parts != 4 {
		return wrong
	}
	return nil
}
