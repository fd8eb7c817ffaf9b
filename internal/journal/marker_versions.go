package journal

import (
	"regexp"
	"slices"
	"strconv"

	"maestro/internal/model"
)

// ownFile is a frame of stored code (embed/python/transform.py, source_filename).
var ownFile = regexp.MustCompile(`(?m)^  File "<(\w+) v(\d+)>", line `)

// Versions are those of the functions and modules on the stack, the innermost first.
func (m *Marker) Versions() (found []model.NamedVersion) {
	for _, match := range ownFile.FindAllStringSubmatch(m.Stack, -1) {
		number, err := strconv.Atoi(match[2])
		if v := (model.NamedVersion{Name: match[1], Number: number}); err == nil && !slices.Contains(found, v) {
			found = append(found, v)
		}
	}
	return found
}
