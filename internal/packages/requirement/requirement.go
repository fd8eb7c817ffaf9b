package requirement

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Limits, in bytes and in number.
const (
	MaxText   = 1000
	maxName   = 100
	maxExtras = 20
)

// The patterns of a requirement in the API's documents.
const (
	// TextPattern is one line of ASCII.
	TextPattern = `^[\t -~]+$`
	// NamePattern is a name with extras, of at most 100 characters without them.
	NamePattern = `^[ \t]*[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?[ \t]*(?:\[[^\]]*\])?[ \t]*$`
)

// VersionPattern is PEP 440, to be matched in any case.
func VersionPattern() string { return strings.TrimPrefix(versionForm.String(), "(?i)") }

// Requirement is a requested package.
type Requirement struct {
	Name      string   // normalised as in PEP 503
	Extras    []string // normalised, sorted, each once
	Specifier string   // PEP 440, in normal form: ">=1,<2"; empty: any version
	Marker    string   // PEP 508; empty: always
	Text      string   // all of it in normal form; Parse accepts it unchanged
}

var (
	nameForm   = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`)
	separators = regexp.MustCompile(`[-_.]+`)
	clauseForm = regexp.MustCompile(`^(~=|==|!=|<=|>=|<|>)[ \t]*([^ \t]+)$`)
	// versionForm is PEP 440's own (its Appendix B): epoch, release, pre, post,
	// dev, local.
	versionForm = regexp.MustCompile(`(?i)^v?(?:[0-9]+!)?([0-9]+(?:\.[0-9]+)*)` +
		`((?:[-_.]?(?:alpha|a|beta|b|preview|pre|c|rc)[-_.]?[0-9]*)?(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?)` +
		`([-_.]?dev[-_.]?[0-9]*)?(\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?$`)
)

// Normalize returns the normal form of a package's name. Its error is user-facing.
func Normalize(name string) (string, error) {
	switch {
	case name == "":
		return "", fmt.Errorf("the name of a package is missing")
	case len(name) > maxName:
		return "", fmt.Errorf("the name of a package can have at most %d characters", maxName)
	case nameForm.FindString(name) != name:
		return "", fmt.Errorf("%q is not the name of a package: letters, digits, and . _ - between them", name)
	}
	return strings.ToLower(separators.ReplaceAllString(name, "-")), nil
}

// Parse parses a requirement. Its error is user-facing.
func Parse(text string) (Requirement, error) {
	if len(text) > MaxText {
		return Requirement{}, fmt.Errorf("a requirement can have at most %d characters", MaxText)
	}
	for _, c := range []byte(text) {
		if (c < ' ' && c != '\t') || c > '~' {
			return Requirement{}, fmt.Errorf("a requirement must be one line of ASCII")
		}
	}
	rest := strings.Trim(text, " \t")
	if strings.HasPrefix(rest, "-") {
		return Requirement{}, fmt.Errorf("%q is an option of pip; only packages can be requested", rest)
	}
	var r Requirement
	name := nameForm.FindString(rest)
	if name == "" {
		return Requirement{}, fmt.Errorf("%q must begin with the name of a package", rest)
	}
	var err error
	if r.Name, err = Normalize(name); err != nil {
		return Requirement{}, err
	}
	rest = strings.TrimLeft(rest[len(name):], " \t")
	if strings.HasPrefix(rest, "@") || strings.Contains(rest, "://") || strings.ContainsAny(rest, `/\$`) {
		return Requirement{}, fmt.Errorf("%q is an address; packages are installed from the index only: write a name and versions, such as %s>=1", text, r.Name)
	}
	if rest, err = r.readExtras(rest); err != nil {
		return Requirement{}, err
	}
	specifier, marker, marked := strings.Cut(rest, ";")
	if err := r.readSpecifier(specifier); err != nil {
		return Requirement{}, err
	}
	if marked {
		if r.Marker, err = readMarker(marker); err != nil {
			return Requirement{}, err
		}
	}
	r.Text = r.text()
	return r, nil
}

// Exactly requests one version of a package. Its error is user-facing.
func Exactly(name, wanted string) (Requirement, error) {
	normal, err := Normalize(name)
	if err != nil {
		return Requirement{}, err
	}
	if !versionForm.MatchString(wanted) {
		return Requirement{}, fmt.Errorf("%q is not a version, such as 1.2.3", wanted)
	}
	return Parse(normal + "==" + wanted)
}

func (r *Requirement) readExtras(rest string) (string, error) {
	if !strings.HasPrefix(rest, "[") {
		return rest, nil
	}
	inner, after, closed := strings.Cut(rest[1:], "]")
	if !closed {
		return "", fmt.Errorf("the extras of %s have no closing bracket", r.Name)
	}
	if strings.Trim(inner, " \t") != "" {
		for extra := range strings.SplitSeq(inner, ",") {
			normal, err := Normalize(strings.Trim(extra, " \t"))
			if err != nil {
				return "", fmt.Errorf("the extras of %s: %w", r.Name, err)
			}
			r.Extras = append(r.Extras, normal)
		}
	}
	slices.Sort(r.Extras)
	r.Extras = slices.Compact(r.Extras)
	if len(r.Extras) > maxExtras {
		return "", fmt.Errorf("%s cannot have more than %d extras", r.Name, maxExtras)
	}
	return after, nil
}

func (r *Requirement) readSpecifier(text string) error {
	text = strings.Trim(text, " \t")
	if inner, ok := strings.CutPrefix(text, "("); ok {
		if text, ok = strings.CutSuffix(inner, ")"); !ok {
			return fmt.Errorf("the versions of %s have no closing parenthesis", r.Name)
		}
		text = strings.Trim(text, " \t")
	}
	if text == "" {
		return nil
	}
	var clauses []string
	for clause := range strings.SplitSeq(text, ",") {
		clause = strings.Trim(clause, " \t")
		parts := clauseForm.FindStringSubmatch(clause)
		if parts == nil {
			return fmt.Errorf("%q is not a version of %s; write for example ==1.2, >=1,<2 or ~=1.4", clause, r.Name)
		}
		if err := checkClause(parts[1], parts[2]); err != nil {
			return fmt.Errorf("the versions of %s: %w", r.Name, err)
		}
		clauses = append(clauses, parts[1]+strings.ToLower(parts[2]))
	}
	r.Specifier = strings.Join(clauses, ",")
	return nil
}

// checkClause refuses versions that PEP 440 does not allow after an operator.
func checkClause(operator, text string) error {
	base, starred := strings.CutSuffix(text, ".*")
	parts := versionForm.FindStringSubmatch(base)
	if parts == nil {
		return fmt.Errorf("%q is not a version", text)
	}
	release, dev, local := parts[1], parts[3], parts[4]
	equality := operator == "==" || operator == "!="
	switch {
	case starred && !equality:
		return fmt.Errorf("%q: a * is allowed with == and != only", operator+text)
	case starred && (local != "" || dev != ""):
		return fmt.Errorf("%q: a * is not allowed with a local or development version", operator+text)
	case local != "" && !equality:
		return fmt.Errorf("%q: a local version (+…) is allowed with == and != only", operator+text)
	case operator == "~=" && !strings.Contains(release, "."):
		return fmt.Errorf("%q: ~= needs at least two parts, such as ~=1.4", operator+text)
	}
	return nil
}

func (r *Requirement) text() string {
	text := r.Name
	if len(r.Extras) > 0 {
		text += "[" + strings.Join(r.Extras, ",") + "]"
	}
	text += r.Specifier
	if r.Marker != "" {
		text += "; " + r.Marker
	}
	return text
}

// SurelyAccepts reports whether a version is accepted, as far as that can be
// decided without comparing versions: any version is, or it is exactly this
// one. pip interprets the other specifiers.
func (r *Requirement) SurelyAccepts(version string) bool {
	return r.Specifier == "" || r.Specifier == "=="+strings.ToLower(version)
}
