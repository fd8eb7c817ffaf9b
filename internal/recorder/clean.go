package recorder

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"maestro/internal/model"
)

// longestText bounds an error's message or traceback in the record, in bytes.
const longestText = 64 << 10

// clean makes a record storable: texts are valid UTF-8 without NUL, values
// valid UTF-8 and of bounded size. Nearly always it only looks.
func clean(record *model.Record) {
	e := &record.Execution
	if !cleanValue(&e.Input) {
		e.InputComplete, e.RecordComplete = false, false
	}
	e.RecordComplete = cleanValue(&e.Output) && e.RecordComplete
	cleanTexts(&e.Error, &e.ErrorType, &e.Traceback)
	e.FunctionName = cleanText(e.FunctionName)
	for i := range record.Steps {
		s := &record.Steps[i]
		s.RecordComplete = cleanValue(&s.Input) && s.RecordComplete
		s.RecordComplete = cleanValue(&s.Output) && s.RecordComplete
		cleanTexts(&s.Error, &s.ErrorType, &s.Traceback)
		s.FunctionName = cleanText(s.FunctionName)
	}
}

// cleanValue reports whether the value is still whole.
func cleanValue(value *json.RawMessage) (whole bool) {
	kept, cut := model.CutValue(*value, false)
	if !utf8.Valid(kept) {
		kept = bytes.ToValidUTF8(kept, []byte("\uFFFD"))
		cut = true
	}
	*value = kept
	return !cut
}

func cleanTexts(texts ...**string) {
	for _, text := range texts {
		if *text != nil {
			if cleaned := cleanText(**text); cleaned != **text {
				*text = &cleaned // not in place: the old text is shared
			}
		}
	}
}

func cleanText(s string) string {
	if len(s) > longestText {
		s = s[:longestText] + "… (cut)"
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// degrade replaces the values that the database may have refused: first those that
// are no JSON, and when there are none every value. It reports whether it changed
// any.
func degrade(record *model.Record) bool {
	return replaceValues(record, func(value json.RawMessage) bool { return !json.Valid(value) }) ||
		replaceValues(record, func(value json.RawMessage) bool { return !isMarker(value) })
}

func replaceValues(record *model.Record, refused func(json.RawMessage) bool) (changed bool) {
	replace := func(value *json.RawMessage, complete *bool) {
		if *value != nil && refused(*value) {
			*value, *complete, changed = marker(*value), false, true
		}
	}
	e := &record.Execution
	if e.Input != nil && refused(e.Input) {
		e.InputComplete = false
	}
	replace(&e.Input, &e.RecordComplete)
	replace(&e.Output, &e.RecordComplete)
	for i := range record.Steps {
		s := &record.Steps[i]
		replace(&s.Input, &s.RecordComplete)
		replace(&s.Output, &s.RecordComplete)
	}
	return changed
}

// unstorable begins the marker of a value that the database refused. It shows the
// size alone: a part of the value might be refused again.
const unstorable = `{"unstorable":true,"bytes":`

func marker(value json.RawMessage) json.RawMessage {
	size, err := json.Marshal(len(value))
	if err != nil { // a number always marshals
		return json.RawMessage("null")
	}
	return json.RawMessage(unstorable + string(size) + "}")
}

func isMarker(value json.RawMessage) bool { return bytes.HasPrefix(value, []byte(unstorable)) }

// sizeOf is what a record counts for in the queue, in bytes.
func sizeOf(record *model.Record) int64 {
	e := &record.Execution
	size := recordOverhead + len(e.Input) + len(e.Output) + textSize(e.Error) + textSize(e.Traceback)
	for i := range record.Steps {
		s := &record.Steps[i]
		size += recordOverhead + len(s.Input) + len(s.Output) + textSize(s.Error) + textSize(s.Traceback)
	}
	return int64(size)
}

func textSize(s *string) int {
	if s == nil {
		return 0
	}
	return len(*s)
}
