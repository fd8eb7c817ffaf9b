// Package apiclient sends requests to the HTTP API of a server, for the commands of
// the command line.
//
// It must not print, ask or decide what a command does, and it finds no
// server by itself.
package apiclient
