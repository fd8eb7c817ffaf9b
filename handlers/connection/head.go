package connection

import (
	"bytes"
	"errors"
)

// Faults of a request's beginning, for which there is no need to wait for more.
var (
	ErrBareLF = errors.New("the lines of the request end in LF alone")
	ErrTLS    = errors.New("the client speaks TLS")
)

var (
	headEnd = []byte("\r\n\r\n")
	// tlsHandshake is the first byte of a TLS connection, and of no HTTP method.
	tlsHandshake = byte(22)
)

// head looks for the end of a request's headers. fasthttp finds it at an empty line
// after CR LF only: it would wait for more after one that LF alone has ended.
type head struct {
	open  bool  // the headers have begun, and not ended
	fault error // found; the request cannot become complete

	text bool // a line with text has begun, so that an empty one ends the headers
	line int  // bytes of the line so far, without CR
	cr   bool // its last byte is CR
	crlf bool // the line before ended in CR LF
}

// follow takes the bytes of a read. begins says that a request begins with them.
func (h *head) follow(bytesRead []byte, begins bool) {
	if len(bytesRead) == 0 || !begins && !h.open {
		return
	}
	if begins {
		*h = head{open: true}
		if bytesRead[0] == tlsHandshake {
			h.fault = ErrTLS
			return
		}
		if bytes.Contains(bytesRead, headEnd) {
			h.open = false
			return
		}
	}
	for _, c := range bytesRead {
		switch c {
		case '\r':
			h.cr = true
			continue
		case '\n':
			if h.line == 0 && h.text {
				if !h.crlf || !h.cr {
					h.fault = ErrBareLF
				}
				h.open = false
				return
			}
			h.crlf, h.line = h.cr, 0
		default:
			h.line++
			h.text = true
		}
		h.cr = false
	}
}
