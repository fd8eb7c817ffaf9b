package pip

import (
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// The parts of pip's messages that show the configured indexes, which only
// concern the operator.
var shown = []struct {
	is      *regexp.Regexp
	becomes string
}{
	{anyURL, "(index)"},
	{regexp.MustCompile(`\(host=['"][^'"]*['"](?:, port=\d+)?\)`), "(index)"},
	{regexp.MustCompile(`(after connection broken by .*: )/\S*`), "${1}(index)"},
	{regexp.MustCompile(`\burl: /\S*`), "url: (index)"},
	{regexp.MustCompile(`(?i)(failed to (?:resolve|connect to) )['"]?[^\s'",()]+['"]?`), "${1}(index)"},
	{regexp.MustCompile(`(?i)\b(hostname|host) '[^']*'`), "${1} (index)"},
}

var anyURL = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^\s,'"()]+`)

// ordinary words occur in indexes' addresses and in sentences, and reveal nothing.
var ordinary = []string{"simple", "pypi", "packages", "package", "python", "index", "repository", "artifactory", "nexus", "public", "releases", "local", "group", "http", "https"}

// shortest is the length from which on a secret, or a part of an address, is
// masked everywhere. Shorter ones would match unrelated words and numbers, and
// are masked as a part of an address only.
const shortest = 4

// masks remove from a line the data that subtenants must not see: addresses,
// the server's folders, credentials.
type masks struct {
	folders []*regexp.Regexp
	secrets []string // masked also inside of words
	words   []string // of addresses; masked as whole words
}

func newMasks(opts Options, config string) (m masks) {
	addresses := []string{opts.IndexURL, opts.ExtraIndexURL}
	for _, name := range []string{"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"} {
		addresses = append(addresses, opts.variable(name))
	}
	for _, path := range []string{config, opts.variable("PIP_CONFIG_FILE"), "/etc/pip.conf"} {
		if text, err := os.ReadFile(path); err == nil {
			addresses = append(addresses, anyURL.FindAllString(string(text), -1)...)
		}
	}
	for _, one := range strings.Fields(strings.Join(addresses, " ")) {
		m.addAddress(one)
	}
	slices.SortFunc(m.secrets, longestFirst)
	slices.SortFunc(m.words, longestFirst)
	for _, folder := range []string{opts.TempDir, opts.CacheDir} {
		if folder != "" {
			m.folders = append(m.folders, regexp.MustCompile(regexp.QuoteMeta(folder)+`(?:/[a-z]+-[0-9]+)?/?`))
		}
	}
	return m
}

func longestFirst(a, b string) int { return len(b) - len(a) }

func (m *masks) addAddress(text string) {
	address, err := url.Parse(text)
	if err != nil || address.Host == "" {
		return
	}
	if user := address.User; user != nil {
		secret, set := user.Password()
		if !set {
			secret = user.Username() // a token alone
		}
		for _, one := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), user.String()} {
			if len(one) >= shortest {
				m.secrets = append(m.secrets, one)
			}
		}
	}
	if port := address.Port(); port != "" {
		m.words = append(m.words, address.Host, net.JoinHostPort(address.Hostname(), port))
	}
	if host := address.Hostname(); strings.ContainsAny(host, ".:") { // a single word also occurs in sentences
		m.words = append(m.words, host)
	}
	for _, path := range []string{address.Path, address.EscapedPath()} {
		telling := false
		for _, part := range strings.Split(path, "/") {
			if part == "" || slices.Contains(ordinary, strings.ToLower(part)) {
				continue
			}
			telling = true
			if len(part) >= shortest {
				m.words = append(m.words, part)
			}
		}
		if path = strings.Trim(path, "/"); telling && strings.Contains(path, "/") {
			m.words = append(m.words, path)
		}
	}
}

// text masks a line, or several.
func (m *masks) text(line string) string {
	for _, s := range shown {
		line = s.is.ReplaceAllString(line, s.becomes)
	}
	for _, folder := range m.folders {
		line = folder.ReplaceAllString(line, "")
	}
	for _, secret := range m.secrets {
		line = strings.ReplaceAll(line, secret, "***")
	}
	for _, word := range m.words {
		line = replaceWord(line, word, "***")
	}
	return line
}

// replaceWord replaces a word where it is not a part of a longer one.
func replaceWord(line, word, by string) string {
	var out strings.Builder
	before := byte(' ')
	for {
		at := strings.Index(line, word)
		if at < 0 {
			out.WriteString(line)
			return out.String()
		}
		if at > 0 {
			before = line[at-1]
		}
		out.WriteString(line[:at])
		rest := line[at+len(word):]
		if isWordly(before) || rest != "" && isWordly(rest[0]) {
			out.WriteString(word)
		} else {
			out.WriteString(by)
		}
		line, before = rest, word[len(word)-1]
	}
}

func isWordly(c byte) bool {
	return c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80
}
