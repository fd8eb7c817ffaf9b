package cron

import (
	"maps"
	"slices"
)

// Macros lists the words that stand for five fields, sorted.
func Macros() []string { return slices.Sorted(maps.Keys(macros)) }

// ZonePattern is a regular expression that every name of a time zone matches.
func ZonePattern() string { return zoneName.String() }
