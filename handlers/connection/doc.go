// Package connection sees to the connections of clients below HTTP: that a new
// one has time for its first byte, that one which the server closes is read
// until the client has the answer, and that a request which has arrived is
// answered although the server stops.
//
// It must not read requests: fasthttp does, over the connections made here.
package connection
