package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
)

// The errors below say what to do and follow the setting's name: "PORT must
// be …". None repeats a value that may be secret.

func setBool(to *bool, v string) error {
	switch strings.ToLower(v) {
	case "true", "1", "yes", "on":
		*to = true
	case "false", "0", "no", "off":
		*to = false
	default:
		return fmt.Errorf("must be true or false, not %q", v)
	}
	return nil
}

func setInt(to *int, v string, low, high int) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		return fmt.Errorf("must be a whole number from %d to %d, not %q", low, high, v)
	}
	*to = n
	return nil
}

// setScaled reads a number of units, each unit bytes large.
func setScaled(to *int64, v string, low, high, unit int64) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < low || n > high {
		return fmt.Errorf("must be a whole number from %d to %d, not %q", low, high, v)
	}
	*to = n * unit
	return nil
}

func setSeconds(to *time.Duration, v string) error {
	const most = 7 * 24 * 3600
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n >= 0.001 && n <= most) {
		return fmt.Errorf("must be a number of seconds from 0.001 to %d, not %q", most, v)
	}
	*to = time.Duration(n * float64(time.Second))
	return nil
}

func setKey(to *Secret, v string, least int) error {
	if len(v) < least {
		return fmt.Errorf("must have %d characters or more and has %d: `openssl rand -hex 32` makes a good one", least, len(v))
	}
	*to = Secret(v)
	return nil
}

func setTracking(to *Tracking, v string) error {
	switch t := Tracking(v); t {
	case TrackingDurable, TrackingRelaxed:
		*to = t
		return nil
	}
	return fmt.Errorf("must be durable or relaxed, not %q", v)
}

func setLane(to *model.LaneName, v string) error {
	lane := model.LaneName(strings.ToLower(v))
	if !lane.Known() {
		return fmt.Errorf("must be auto, embedded or process, not %q", v)
	}
	*to = lane
	return nil
}

func setHost(to *string, v string) error {
	if strings.ContainsAny(v, "/ ") || (strings.Contains(v, ":") && net.ParseIP(v) == nil) {
		return fmt.Errorf("must be an address without a port, such as 127.0.0.1 or ::1, not %q", v)
	}
	*to = v
	return nil
}

func setFolder(to *string, v string) error {
	path, err := filepath.Abs(v)
	if err != nil {
		return fmt.Errorf("must be a folder: %w", err)
	}
	*to = path
	return nil
}

func setExistingFolder(to *string, v string) error {
	info, err := os.Stat(v)
	if err != nil || !info.IsDir() {
		return fmt.Errorf("must be a folder that exists, and %s does not", v)
	}
	return setFolder(to, v)
}

func setHTTPURL(to *string, v string) error {
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be an address such as https://host.example.com, with no user, query or fragment")
	}
	*to = strings.TrimRight(v, "/")
	return nil
}

// setOrigins reads origins as browsers write them: without a path, in lower
// case, without the port that the scheme has anyway.
func setOrigins(to *[]string, v string) error {
	origins := splitList(v)
	for i, origin := range origins {
		if origin == "*" {
			continue
		}
		u, err := url.Parse(strings.ToLower(origin))
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil ||
			strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("must be *, or origins such as https://app.example.com separated by commas, with no user, path or query")
		}
		origins[i] = u.Scheme + "://" + u.Host
		if port := u.Port(); port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
			origins[i] = strings.TrimSuffix(origins[i], ":"+port)
		}
	}
	*to = origins
	return nil
}

func setPostgresURL(to *Secret, v string) error {
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || cutByPassword(u) {
		return errors.New("must have the form postgres://user:password@host:5432/name" + encodePassword)
	}
	*to = Secret(v)
	return nil
}

func setRedisURL(to *Secret, v string) error {
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss" && u.Scheme != "unix") || cutByPassword(u) {
		return errors.New("must have the form redis://:password@host:6379/0, rediss://… or unix:///path" + encodePassword)
	}
	*to = Secret(v)
	return nil
}

// encodePassword is the usual fault of an address that can't be read. The value is a
// secret and isn't shown.
const encodePassword = "; a password has %40 for @, %3A for :, %2F for /, %3F for ?, %23 for # and %25 for %"

// cutByPassword reports whether a ? or # of a password has ended the address: its host
// would be the user, and its port what the password begins with.
func cutByPassword(u *url.URL) bool {
	return u.Fragment != "" || u.User == nil && strings.Contains(u.RawQuery, "@") && !strings.Contains(u.RawQuery, "user=")
}

func splitList(v string) []string {
	var out []string
	for part := range strings.SplitSeq(v, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// setBeginnings takes beginnings of names, or * for all names.
func setBeginnings(to *[]string, v string) error {
	for _, part := range splitList(v) {
		if part != "*" && strings.ContainsAny(part, "*? ") {
			return fmt.Errorf("must be * or beginnings of names separated by commas, such as acme-, and %q is no name's beginning", part)
		}
		*to = append(*to, part)
	}
	return nil
}

// setPackageNames takes names of packages in any spelling.
func setPackageNames(to *[]string, v string) error {
	for _, name := range splitList(v) {
		normal, err := requirement.Normalize(name)
		if err != nil {
			return err
		}
		*to = append(*to, normal)
	}
	return nil
}

// setIndexURLs takes addresses of package indexes, separated by spaces. They
// may carry credentials: no error shows them.
func setIndexURLs(to *Secret, v string, most int) error {
	all := strings.Fields(v)
	for _, one := range all {
		parsed, err := url.Parse(one)
		if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
			return errors.New("must be the address of a package index, such as https://user:password@pypi.example.com/simple")
		}
	}
	if len(all) > most {
		return fmt.Errorf("can be %d address(es) at most", most)
	}
	*to = Secret(strings.Join(all, " "))
	return nil
}
