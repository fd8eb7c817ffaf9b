package format

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"
)

func checkURI(text string) error          { return checkReference(text, grammar{absolute: true}) }
func checkURIReference(text string) error { return checkReference(text, grammar{}) }
func checkIRI(text string) error          { return checkReference(text, grammar{absolute: true, wide: true}) }
func checkIRIReference(text string) error { return checkReference(text, grammar{wide: true}) }

// grammar is that of RFC 3986, or with wide that of RFC 3987.
type grammar struct {
	absolute bool // a scheme is needed
	wide     bool // characters beyond ASCII stand as they are
}

func checkReference(text string, g grammar) error {
	if !utf8.ValidString(text) {
		return errors.New("it is not valid UTF-8")
	}
	rest, fragment, _ := strings.Cut(text, "#")
	rest, query, _ := strings.Cut(rest, "?")
	scheme, path, found := strings.Cut(rest, ":")
	switch {
	case found && isScheme(scheme):
		rest = path
	case g.absolute:
		return errors.New("it must start with a scheme, such as https:")
	case found && !strings.Contains(scheme, "/"):
		return errors.New("the text before the first colon is not a scheme; write ./ before a relative path with a colon")
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		authority := after
		rest = ""
		if i := strings.IndexByte(after, '/'); i >= 0 {
			authority, rest = after[:i], after[i:]
		}
		if err := g.authority(authority); err != nil {
			return err
		}
	}
	return errors.Join(g.part("path", rest, ":@/", false), g.part("query", query, ":@/?", true), g.part("fragment", fragment, ":@/?", false))
}

func isScheme(text string) bool {
	for i := range len(text) {
		c := text[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return text != ""
}

func (g grammar) authority(text string) error {
	if user, host, ok := strings.Cut(text, "@"); ok {
		if err := g.part("user information", user, ":", false); err != nil {
			return err
		}
		text = host
	}
	var port string
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return errors.New("the bracket of the host is not closed")
		}
		if err := checkLiteral(text[1:end]); err != nil {
			return err
		}
		if port = text[end+1:]; port != "" && port[0] != ':' {
			return errors.New("only a port can follow the host")
		}
		port = strings.TrimPrefix(port, ":")
	} else {
		var host string
		host, port, _ = strings.Cut(text, ":")
		if err := g.part("host", host, "", false); err != nil {
			return err
		}
	}
	for i := range len(port) {
		if !isDigit(port[i]) {
			return errors.New("the port must be a number")
		}
	}
	return nil
}

// checkLiteral is what may stand in brackets: IPv6address or IPvFuture.
func checkLiteral(text string) error {
	if text != "" && (text[0] == 'v' || text[0] == 'V') {
		version, address, ok := strings.Cut(text[1:], ".")
		for i := range len(version) {
			ok = ok && isHex(version[i])
		}
		for i := range len(address) {
			ok = ok && (unreserved(address[i]) || subDelimiter(address[i]) || address[i] == ':')
		}
		if !ok || version == "" || address == "" {
			return errors.New("the address in brackets is not valid")
		}
		return nil
	}
	if address, err := netip.ParseAddr(text); err != nil || !address.Is6() || address.Zone() != "" {
		return errors.New("the address in brackets is not an IPv6 address")
	}
	return nil
}

// part checks the characters of one component; more are those that it may have
// beside unreserved, sub-delims and percent-encoded ones.
func (g grammar) part(name, text, more string, private bool) error {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '%':
			if len(text)-i < 3 || !isHex(text[i+1]) || !isHex(text[i+2]) {
				return fmt.Errorf("a %% in the %s must be followed by two hexadecimal digits", name)
			}
			i += 3
		case unreserved(c) || subDelimiter(c) || c < utf8.RuneSelf && strings.IndexByte(more, c) >= 0:
			i++
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			if !g.wide || !isUCS(r) && (!private || !isPrivate(r)) {
				return fmt.Errorf("the character %q can't stand in the %s; write it percent-encoded", r, name)
			}
			i += size
		}
	}
	return nil
}

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

func subDelimiter(c byte) bool { return c < utf8.RuneSelf && strings.IndexByte("!$&'()*+,;=", c) >= 0 }

// isUCS is "ucschar" of RFC 3987.
func isUCS(r rune) bool {
	return r >= 0xA0 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFEF ||
		r >= 0x10000 && r <= 0xEFFFD && r&0xFFFF <= 0xFFFD && (r < 0xE0000 || r >= 0xE1000)
}

// isPrivate is "iprivate" of RFC 3987.
func isPrivate(r rune) bool {
	return r >= 0xE000 && r <= 0xF8FF || r >= 0xF0000 && r <= 0x10FFFD && r&0xFFFF <= 0xFFFD
}
