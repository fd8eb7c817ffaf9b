package webhook

import (
	"regexp"
	"slices"
	"strings"
)

const maxPathBytes = 255

// PathPattern is the form of a path: words, and whole segments {name}. A
// segment that is . or .. has no place. What else PathFault refuses no
// expression can say: a parameter that is there twice, or first and public.
const PathPattern = `^(?:` + segmentForm + `)(?:/(?:` + segmentForm + `))*$`

const segmentForm = `[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*|\.{3,}|\{[A-Za-z_][A-Za-z0-9_]*\}`

var (
	pathPattern   = regexp.MustCompile(`^[A-Za-z0-9_\-./{}]+$`)
	parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// PathFault says what is wrong with a webhook's path, or returns empty text.
// public says that anyone may call it.
func PathFault(path string, public bool) string {
	switch {
	case path == "" || len(path) > maxPathBytes:
		return "must have 1 to 255 characters"
	case !pathPattern.MatchString(path):
		return "may hold letters, digits, and _ - . / { } only"
	case path[0] == '/':
		return "must not begin with a slash"
	}
	var names []string
	for i, segment := range strings.Split(path, "/") {
		name, parameter := Parameter(segment)
		switch {
		case segment == "" || segment == "." || segment == "..":
			return "must not have an empty segment, nor one that is . or .."
		case !parameter && strings.ContainsAny(segment, "{}"):
			return "braces stand around a whole segment, as in orders/{id}"
		case !parameter:
		case !parameterName.MatchString(name):
			return "a parameter's name has letters, digits and _ and does not begin with a digit"
		case slices.Contains(names, name):
			return "the parameter {" + name + "} is there twice"
		case i == 0 && public:
			return "the first segment of a public webhook must be literal; set requires_auth, or begin with a word"
		default:
			names = append(names, name)
		}
	}
	return ""
}

// Parameter returns the name in a segment of the form {name}.
func Parameter(segment string) (name string, ok bool) {
	if len(segment) < 2 || segment[0] != '{' || segment[len(segment)-1] != '}' {
		return "", false
	}
	return segment[1 : len(segment)-1], true
}
