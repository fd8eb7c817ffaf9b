package metrics

import (
	"log/slog"
	"strings"
	"sync"
)

// other is the label value of all names that are not labels.
const other = "other"

// mostFunctions bounds the pairs of a subtenant and a function that have metrics
// of their own, regardless of the settings: each pair costs about 20 series.
const mostFunctions = 1000

// place is a pair of label values.
type place struct{ subtenant, function string }

// bound decides which names become labels.
type bound struct {
	subtenants, functions []string // the beginnings of permitted names, or "*"
	log                   *slog.Logger

	mu     sync.Mutex
	places map[place]bool // guarded by mu
	full   bool           // guarded by mu; it has been logged
}

// on reports whether any name may become a label.
func (b *bound) on() bool { return len(b.subtenants)+len(b.functions) > 0 }

// of returns the label values for a function. Once there are too many pairs, new
// ones count as "other".
func (b *bound) of(subtenant, function string) place {
	wanted := place{label(subtenant, b.subtenants), label(function, b.functions)}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.places[wanted] || wanted == place{other, other}:
		return wanted
	case len(b.places) < mostFunctions:
		b.places[wanted] = true
		return wanted
	}
	if !b.full {
		b.full = true
		b.log.Warn("too many functions have metrics of their own: further ones are counted as \"other\"; narrow METRICS_LABEL_SUBTENANTS or METRICS_LABEL_FUNCTIONS",
			slog.Int("limit", mostFunctions), slog.String("tenant", subtenant), slog.String("function", function))
	}
	return place{other, other}
}

// label is name, if one of the beginnings permits it.
func label(name string, beginnings []string) string {
	for _, beginning := range beginnings {
		if beginning == "*" || strings.HasPrefix(name, beginning) {
			return name
		}
	}
	return other
}
