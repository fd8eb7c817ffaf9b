// Package cron says when an expression is due: five fields or one of a few
// words, in a time zone, on the days as well on which its clocks are changed.
//
// The matching of fields is gronx's; its syntax beyond five fields, and its
// walk through time, are not used: on the day on which clocks go back it would
// leave out an hour, and it accepts what never comes.
//
// It must not know of schedules, and it never asks what time it is.
package cron
