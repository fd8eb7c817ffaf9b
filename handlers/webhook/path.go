package webhook

import (
	"regexp"
	"slices"
	"strings"
)

const maxPathBytes = 255

// PathPattern is the form of a path: words, and whole segments {name}, but no
// segment . or .. PathFault also refuses a repeated parameter, and one in the
// first segment of a public webhook, which an expression can't state.
const PathPattern = `^(?:` + segmentForm + `)(?:/(?:` + segmentForm + `))*$`

const segmentForm = `[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*|\.{3,}|\{[A-Za-z_][A-Za-z0-9_]*\}`

var (
	pathPattern   = regexp.MustCompile(`^[A-Za-z0-9_\-./{}]+$`)
	parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// PathFault returns the fault of a path, or empty text. A public webhook requires
// no token.
func PathFault(path string, public bool) string {
	switch {
	case path == "" || len(path) > maxPathBytes:
		return "must have 1 to 255 characters"
	case !pathPattern.MatchString(path):
		return "must contain only letters, digits and _ - . / { }"
	case path[0] == '/':
		return "must not begin with a slash"
	}
	var names []string
	for i, segment := range strings.Split(path, "/") {
		name, parameter := Parameter(segment)
		switch {
		case segment == "" || segment == "." || segment == "..":
			return "must not have an empty segment, or one that is . or .."
		case !parameter && strings.ContainsAny(segment, "{}"):
			return "must have braces only around a whole segment, as in orders/{id}"
		case !parameter:
		case !parameterName.MatchString(name):
			return "must name each parameter by letters, digits and _, without a digit at the beginning"
		case slices.Contains(names, name):
			return "has the parameter {" + name + "} twice"
		case i == 0 && public:
			return "must begin with a literal segment because the webhook is public; change it, or set requires_auth"
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
