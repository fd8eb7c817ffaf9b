package pip

import (
	"net/url"
	"regexp"
	"strings"
)

// anyURL finds addresses: where packages come from is the operator's matter.
var anyURL = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^\s,'"()]+`)

// credentialsOf lists what of a URL must not be shown, in each of its forms.
func credentialsOf(address string) (all []string) {
	for _, one := range strings.Fields(address) {
		parsed, err := url.Parse(one)
		if err != nil || parsed.User == nil {
			continue
		}
		password, set := parsed.User.Password()
		if !set {
			password = parsed.User.Username() // a token alone
		}
		if password != "" {
			all = append(all, password, url.QueryEscape(password), url.PathEscape(password))
		}
		if raw := parsed.User.String(); raw != "" {
			all = append(all, raw)
		}
	}
	return all
}

// mask takes out of a line what subtenants are not to see: addresses, the
// server's folders, credentials.
func (r *Runner) mask(line string, folders []string) string {
	line = anyURL.ReplaceAllString(line, "(index)")
	for _, folder := range append(folders, r.opts.TempDir, r.opts.CacheDir) {
		if folder != "" {
			line = strings.ReplaceAll(strings.ReplaceAll(line, folder+"/", ""), folder, "")
		}
	}
	for _, secret := range r.secrets {
		line = strings.ReplaceAll(line, secret, "***")
	}
	return line
}
