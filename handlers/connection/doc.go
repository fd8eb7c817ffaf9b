// Package connection handles the connections of clients below HTTP. A new
// connection has time for its first byte; the server reads from a connection that
// it closes until the client has the response; and a request that has arrived
// gets its response although the server shuts down.
//
// It must not parse requests: fasthttp does, on the connections made here. It only
// looks for headers that fasthttp would take for incomplete.
package connection
