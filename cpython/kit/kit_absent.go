//go:build nokit

package kit

import "errors"

// Carried reports whether this program has a Python inside. With the tag nokit it has
// none, for a container image: it has Python unpacked already, and would have it twice.
const Carried = false

var errAbsent = errors.New("this program has no Python inside: set MAESTRO_PYTHON_HOME to a Python 3.14")

func unpackPython(string) error { return errAbsent }

func unpackPip(string) error { return errAbsent }
