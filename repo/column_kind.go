package repo

import (
	"time"

	"maestro/internal/model"
)

// kind is how a Go type is stored: as which type of PostgreSQL's, as a field of a
// COPY, and as an argument of a statement.
type kind[Value any] struct {
	name     string
	put      func(*copyBuffer, Value)
	argument func(Value) any
}

// The kinds. A zero id, a zero time, no JSON and a nil pointer are NULL.
var (
	kindID         = kind[model.ID]{"uuid", (*copyBuffer).id, func(id model.ID) any { return uuid(id) }}
	kindText       = kind[string]{"text", (*copyBuffer).text, asItIs[string]}
	kindTextOrNull = kind[*string]{"text", (*copyBuffer).textOrNull, asItIs[*string]}
	kindJSON       = kind[[]byte]{"json", (*copyBuffer).json, asItIs[[]byte]}
	kindInt        = kind[int]{"int4", (*copyBuffer).int4, func(n int) any { return int32(n) }}
	kindBool       = kind[bool]{"bool", (*copyBuffer).bool, asItIs[bool]}
	kindBoolOrNull = kind[*bool]{"bool", (*copyBuffer).boolOrNull, asItIs[*bool]}
	kindTime       = kind[time.Time]{"timestamptz", (*copyBuffer).time, func(t time.Time) any { return moment(t) }}
	kindDuration   = kind[time.Duration]{"int8", (*copyBuffer).microseconds, func(d time.Duration) any { return d.Microseconds() }}
)

func asItIs[Value any](v Value) any { return v }
