package cron

import (
	"errors"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // machines without a database of time zones are served too
)

// zoneName is the form of the names in the IANA database. What a machine keeps
// beside them in the same folder (localtime, right/…) means something else
// elsewhere.
var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

// Zone finds a time zone by its name in the IANA database; UTC in any case of
// its letters, as many programs write it. The error's text is for people.
func Zone(name string) (*time.Location, error) {
	if strings.EqualFold(name, "UTC") {
		return time.UTC, nil
	}
	if len(name) > 64 || name == "Local" || !zoneName.MatchString(name) {
		return nil, errUnknownZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, errUnknownZone
	}
	return zone, nil
}

var errUnknownZone = errors.New("is not an IANA time zone; use a name such as Europe/Paris or UTC")
