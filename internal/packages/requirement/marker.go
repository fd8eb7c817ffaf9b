package requirement

import (
	"fmt"
	"regexp"
	"strings"
)

// maxMarkerDepth bounds nested parentheses.
const maxMarkerDepth = 20

var markerToken = regexp.MustCompile(`^(?:\(|\)|'[^'"]*'|"[^'"]*"|~=|==|!=|<=|>=|<|>|[A-Za-z_.]+)`)

// fileWords end a requirement in the files that pip reads, even within
// quotation marks: a comment, an option.
var fileWords = regexp.MustCompile(`#|[ \t]-`)

// variables are those of PEP 508; extra only has a meaning within a package.
var variables = map[string]bool{
	"os_name": true, "sys_platform": true, "platform_machine": true, "platform_python_implementation": true,
	"platform_release": true, "platform_system": true, "platform_version": true, "python_version": true,
	"python_full_version": true, "implementation_name": true, "implementation_version": true,
}

// readMarker checks a marker's grammar and returns it in normal form. pip
// interprets it.
func readMarker(text string) (string, error) {
	var tokens []string
	for rest := strings.Trim(text, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		token := markerToken.FindString(rest)
		if token == "" {
			return "", fmt.Errorf("the marker %q is invalid at %q", strings.TrimSpace(text), rest)
		}
		if fileWords.MatchString(token) {
			return "", fmt.Errorf("the marker %q contains a # or a word that begins with -, which pip would interpret differently", strings.TrimSpace(text))
		}
		rest = rest[len(token):]
		if token[0] == '\'' {
			token = `"` + token[1:len(token)-1] + `"`
		}
		tokens = append(tokens, token)
	}
	r := markerReader{tokens: tokens}
	if !r.or(0) || len(r.tokens) > 0 {
		return "", fmt.Errorf(`the marker %q is invalid; write for example python_version >= "3.9"`, strings.TrimSpace(text))
	}
	var one strings.Builder
	for i, token := range tokens {
		if i > 0 && tokens[i-1] != "(" && token != ")" {
			one.WriteByte(' ')
		}
		one.WriteString(token)
	}
	return one.String(), nil
}

type markerReader struct{ tokens []string } // the remaining ones

func (r *markerReader) take(wanted ...string) bool {
	for _, w := range wanted {
		if len(r.tokens) > 0 && r.tokens[0] == w {
			r.tokens = r.tokens[1:]
			return true
		}
	}
	return false
}

func (r *markerReader) or(depth int) bool {
	for {
		if !r.and(depth) {
			return false
		}
		if !r.take("or") {
			return true
		}
	}
}

func (r *markerReader) and(depth int) bool {
	for {
		if !r.one(depth) {
			return false
		}
		if !r.take("and") {
			return true
		}
	}
}

func (r *markerReader) one(depth int) bool {
	if r.take("(") {
		return depth < maxMarkerDepth && r.or(depth+1) && r.take(")")
	}
	left, ok := r.operand()
	if !ok {
		return false
	}
	if r.take("not") {
		if !r.take("in") {
			return false
		}
	} else if !r.take("~=", "==", "!=", "<=", ">=", "<", ">", "in") {
		return false
	}
	right, ok := r.operand()
	return ok && (left || right) // a comparison of two texts would not depend on the environment
}

// operand takes a variable or a text, and says which.
func (r *markerReader) operand() (variable, ok bool) {
	if len(r.tokens) == 0 {
		return false, false
	}
	token := r.tokens[0]
	if token[0] != '"' && !variables[token] {
		return false, false
	}
	r.tokens = r.tokens[1:]
	return token[0] != '"', true
}
