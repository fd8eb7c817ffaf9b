package engine

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// Of a queued run the input is sealed. When there are values that no
// record may show, they are sealed before it, as they must be known to each of
// its attempts, on any server:
//
//	1 byte   0, with which no JSON begins
//	uvarint  n
//	n bytes  the values, as a JSON list of texts
//	         the input
//
// No other place holds them in clear.

func packInput(input json.RawMessage, sensitive []string) ([]byte, error) {
	if len(sensitive) == 0 {
		return input, nil
	}
	values, err := json.Marshal(sensitive)
	if err != nil {
		return nil, fmt.Errorf("keep what must not be shown of an input: %w", err)
	}
	packed := make([]byte, 1, 1+binary.MaxVarintLen64+len(values)+len(input))
	packed = binary.AppendUvarint(packed, uint64(len(values)))
	packed = append(packed, values...)
	return append(packed, input...), nil
}

var errUnpacked = errors.New("the stored input is damaged")

func unpackInput(packed []byte) (input json.RawMessage, sensitive []string, err error) {
	if len(packed) == 0 || packed[0] != 0 {
		return packed, nil, nil
	}
	size, used := binary.Uvarint(packed[1:])
	if used <= 0 || size > uint64(len(packed)-1-used) {
		return nil, nil, errUnpacked
	}
	values := packed[1+used:][:size]
	if json.Unmarshal(values, &sensitive) != nil {
		return nil, nil, errUnpacked // without its cause, which would show a part of them
	}
	return packed[1+used+int(size):], sensitive, nil
}

// RequestShaped reports whether an input has the form that a webhook gives to
// functions; its headers are to be looked up in any case then, as they were.
func RequestShaped(input json.RawMessage) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(input, &members) != nil {
		return false
	}
	for _, name := range []string{"body", "headers", "query", "path_params", "method", "url", "path"} {
		if _, found := members[name]; !found {
			return false
		}
	}
	return true // a webhook's default values may be members too
}
