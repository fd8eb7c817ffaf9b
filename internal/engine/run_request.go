package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"maestro/internal/calltree"
	"maestro/internal/mask"
	"maestro/internal/model"
)

// Origin is the HTTP request by which a run was asked for.
type Origin interface {
	// HTTPRequest reads it, and the values in it that no record may show. It is
	// called on any thread, one at a time, and never after Run or Submit has
	// returned: what it gives may be the connection's memory.
	HTTPRequest() (request model.HTTPRequest, sensitive []string)
}

// Request implements model.Host. It costs nothing unless it is asked.
func (r *run) Request() (*model.HTTPRequest, *model.Raise) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.state.over():
		return nil, calltree.Over
	case r.request.Origin == nil:
		return nil, nil
	}
	request, sensitive := r.request.Origin.HTTPRequest()
	request.Body = bytes.Clone(request.Body)
	if len(sensitive) > 0 {
		r.firstRead.Do(func() { r.headers.Store(mask.NewWhole(append(sensitive, r.request.Sensitive...))) })
	}
	return &request, nil
}

// keptRequest is the origin of an asynchronous run.
type keptRequest model.HTTPRequest

// HTTPRequest implements Origin. The sensitive values were sealed beside it.
func (k *keptRequest) HTTPRequest() (model.HTTPRequest, []string) { return model.HTTPRequest(*k), nil }

// keptHead is sealed before the body of a request.
type keptHead struct {
	Method  string          `json:"method"`
	URL     []byte          `json:"url"` // may be no UTF-8
	Headers json.RawMessage `json:"headers"`
	At      int             `json:"at,omitempty"`   // where in the body the input is
	Size    int             `json:"size,omitempty"` // of the input there; 0: it is not
}

// packRequest seals a queued run's request with its input, before what packInput
// makes:
//
//	1 byte   1, with which neither JSON nor that begins
//	uvarint  n
//	n bytes  the head, a keptHead in JSON
//	uvarint  m
//	m bytes  the body
//
// An input that is a part of the body is not kept twice.
func packRequest(request *RunRequest) ([]byte, error) {
	if request.Origin == nil {
		return packInput(request.Input, request.Sensitive)
	}
	origin, sensitive := request.Origin.HTTPRequest()
	head := keptHead{Method: origin.Method, URL: []byte(origin.URL), Headers: origin.Headers}
	input := request.Input
	if at := bytes.Index(origin.Body, input); at >= 0 {
		head.At, head.Size, input = at, len(input), nil
	}
	text, err := json.Marshal(head)
	if err != nil {
		return nil, fmt.Errorf("keep the request of an execution: %w", err)
	}
	rest, err := packInput(input, append(sensitive, request.Sensitive...))
	if err != nil {
		return nil, err
	}
	packed := append(make([]byte, 0, 1+2*binary.MaxVarintLen64+len(text)+len(origin.Body)+len(rest)), 1)
	packed = append(binary.AppendUvarint(packed, uint64(len(text))), text...)
	packed = append(binary.AppendUvarint(packed, uint64(len(origin.Body))), origin.Body...)
	return append(packed, rest...), nil
}

// unpackRequest reads what packRequest has packed.
func unpackRequest(packed []byte, into *RunRequest) (err error) {
	if packed, err = unpackTrace(packed, into); err != nil {
		return err
	}
	if len(packed) == 0 || packed[0] != 1 {
		into.Input, into.Sensitive, err = unpackInput(packed)
		return err
	}
	text, rest, ok := cutSized(packed[1:])
	if !ok {
		return errUnpacked
	}
	body, rest, ok := cutSized(rest)
	if !ok {
		return errUnpacked
	}
	var head keptHead
	if json.Unmarshal(text, &head) != nil || head.At < 0 || head.Size < 0 || head.At > len(body) || head.Size > len(body)-head.At {
		return errUnpacked // without its cause, which would show a part of it
	}
	if into.Input, into.Sensitive, err = unpackInput(rest); err != nil {
		return err
	}
	if head.Size > 0 {
		into.Input = body[head.At:][:head.Size]
	}
	into.Origin = &keptRequest{Method: head.Method, URL: string(head.URL), Headers: head.Headers, Body: body}
	return nil
}

// cutSized cuts off bytes that their number precedes.
func cutSized(text []byte) (part, rest []byte, ok bool) {
	size, used := binary.Uvarint(text)
	if used <= 0 || size > uint64(len(text)-used) {
		return nil, nil, false
	}
	return text[used:][:size], text[used+int(size):], true
}
