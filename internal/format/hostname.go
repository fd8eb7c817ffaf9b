package format

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/unicode/bidi"
)

// In bytes, as names travel in the DNS (RFC 1034, 3.1), without a last dot.
const (
	maxName  = 253
	maxLabel = 63
)

var (
	errEmptyLabel = errors.New("a label between the dots is empty")
	errLongLabel  = errors.New("a label between the dots has more than 63 characters")
	errLongName   = errors.New("it has more than 253 characters")
	errHyphen     = errors.New("a label must not start or end with a hyphen")
	errLetter     = errors.New("a label can have letters, digits and hyphens only")
	errPunycode   = errors.New("a label that starts with xn-- is not valid Punycode (RFC 5891)")
	errReserved   = errors.New("a label can have hyphens at both its third and fourth place only after xn")
	errDirection  = errors.New("right-to-left and left-to-right characters are mixed against RFC 5893")
)

// checkHostname is RFC 1123, section 2.1, with the labels of RFC 5890 checked
// for what they stand for.
func checkHostname(text string) error {
	if len(text) > maxName {
		return errLongName
	}
	return checkLabels(strings.Split(text, "."), false)
}

// dots are the separators of RFC 3490, section 3.1.
var dots = strings.NewReplacer("\u3002", ".", "\uFF0E", ".", "\uFF61", ".")

// checkIDNHostname is RFC 5890, section 2.3.2.3: each label as checkHostname
// takes it, or in Unicode.
func checkIDNHostname(text string) error {
	if len(text) > 4*maxName || !utf8.ValidString(text) { // more bytes than 253 characters have
		return errLongName
	}
	return checkLabels(strings.Split(dots.Replace(text), "."), true)
}

func checkLabels(labels []string, wide bool) error {
	total := len(labels) - 1
	mixed := false // some label has characters that are written from right to left
	unicode := make([]string, len(labels))
	for i, label := range labels {
		shown, ascii, err := checkLabelOf(label, wide)
		if err != nil {
			return err
		}
		unicode[i] = shown
		total += len(ascii)
		mixed = mixed || bidirule.DirectionString(shown) != bidi.LeftToRight
	}
	if total > maxName {
		return errLongName
	}
	for _, label := range unicode {
		if mixed && !bidirule.ValidString(label) {
			return errDirection
		}
	}
	return nil
}

// checkLabelOf returns a label as it is shown and as the DNS has it.
func checkLabelOf(label string, wide bool) (shown, ascii string, err error) {
	if label == "" {
		return "", "", errEmptyLabel
	}
	if isASCII(label) {
		if shown, err = checkASCIILabel(label); err != nil {
			return "", "", err
		}
		return shown, label, nil
	}
	if !wide {
		return "", "", errLetter
	}
	if err = checkULabel(label); err != nil {
		return "", "", err
	}
	if ascii, err = idna.Punycode.ToASCII(label); err != nil {
		return "", "", errPunycode
	}
	if len(ascii) > maxLabel {
		return "", "", errLongLabel
	}
	return label, ascii, nil
}

func checkASCIILabel(label string) (shown string, err error) {
	if len(label) > maxLabel {
		return "", errLongLabel
	}
	if label[0] == '-' || label[len(label)-1] == '-' {
		return "", errHyphen
	}
	for i := range len(label) {
		if c := label[i]; !unreserved(c) || c == '.' || c == '_' || c == '~' {
			return "", errLetter
		}
	}
	if len(label) < 4 || label[2] != '-' || label[3] != '-' {
		return label, nil
	}
	lower := strings.ToLower(label)
	if !strings.HasPrefix(lower, "xn--") {
		return "", errReserved
	}
	shown, err = idna.Punycode.ToUnicode(lower)
	if err != nil || isASCII(shown) {
		return "", errPunycode
	}
	if back, err := idna.Punycode.ToASCII(shown); err != nil || back != lower {
		return "", errPunycode
	}
	return shown, checkULabel(shown)
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
