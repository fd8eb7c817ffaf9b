package model

// EmitKind is the kind of a piece of a stream.
type EmitKind uint8

// The kinds. The runtime has the same numbers (embed/python/stream.py).
const (
	EmitHead  EmitKind = iota // before the first item: null, or the status and headers of a maestro.Response
	EmitText                  // an item that is text, a JSON string
	EmitBytes                 // an item that is bytes, base64 in a JSON string
	EmitValue                 // any other item
	EmitRoom                  // no piece: it asks for the state
)

// EmitState says what the running call is to do after a piece.
type EmitState uint8

// The states.
const (
	EmitGoOn    EmitState = iota
	EmitFull              // the reader is slow: wait, and ask by EmitRoom
	EmitGone              // nothing more is taken: close the generator
	EmitCollect           // no pieces are taken: return an array of the items
)

// Emitted is a piece of a stream.
type Emitted struct {
	Kind  EmitKind
	Value []byte // JSON
}

// StreamHead is what a maestro.Response around a stream says of the answer.
type StreamHead struct {
	StatusCode int             `json:"status_code"`
	Headers    ResponseHeaders `json:"headers"`
}
