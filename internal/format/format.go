// Package format checks text against the formats of JSON Schema 2020-12, as
// the official optional suite understands them.
//
// Every check takes time proportional to the length of the text at most. The
// package knows no schemas and must not look at anything but the text: no name
// is ever resolved.
package format

import "sort"

// Format is one named format.
type Format struct {
	Name string
	// Check returns the fault of a text, nil when it has the format.
	Check func(text string) error
}

// CheckValue is Check for a JSON value: only text can have a fault.
func (f *Format) CheckValue(value any) error {
	if text, ok := value.(string); ok {
		return f.Check(text)
	}
	return nil
}

var known = map[string]*Format{}

func init() {
	for name, check := range map[string]func(string) error{
		"time": checkTime, "date-time": checkDateTime, "duration": checkDuration, "period": checkPeriod,
		"email": checkEmail, "idn-email": checkIDNEmail, "hostname": checkHostname, "idn-hostname": checkIDNHostname, "ipv4": checkIPv4,
		"uri": checkURI, "uri-reference": checkURIReference, "iri": checkIRI, "iri-reference": checkIRIReference, "uri-template": checkURITemplate,
		"regex": checkRegex,
	} {
		known[name] = &Format{Name: name, Check: check}
	}
	for name := range borrowed {
		known[name] = &Format{Name: name, Check: borrow(name)}
	}
}

// Named returns the format of a name, or nil: an unknown format accepts every
// value.
func Named(name string) *Format { return known[name] }

// All returns every format, by name.
func All() []*Format {
	list := make([]*Format, 0, len(known))
	for _, f := range known {
		list = append(list, f)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}
