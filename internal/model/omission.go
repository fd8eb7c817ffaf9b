package model

import (
	"fmt"
	"strconv"
	"time"
)

// Omission is output that was left out of a log, because there was too much of it.
type Omission struct {
	Lines, Bytes int64
}

// Line is the line that takes its place.
func (o Omission) Line() LogLine {
	noun := "lines"
	if o.Lines == 1 {
		noun = "line"
	}
	return LogLine{
		Time: time.Now(), Level: "WARNING",
		Text: fmt.Sprintf("%s %s (%.1f MB) left out: more than 1 MB/s", grouped(o.Lines), noun, float64(o.Bytes)/1e6),
	}
}

// grouped writes a number that is not negative with commas between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
