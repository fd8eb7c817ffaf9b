package format

import (
	"errors"

	"github.com/yosida95/uritemplate/v3"
)

// checkURITemplate is RFC 6570, level 4.
func checkURITemplate(text string) error {
	if len(text) > maxTemplate {
		return errors.New("it is longer than 65536 bytes")
	}
	_, err := uritemplate.New(text)
	return err
}

// maxTemplate bounds the text, in bytes, that is compiled for a check.
const maxTemplate = 64 << 10
