// Package child is what a child process of the process lane does: it takes the calls of
// one subtenant from the server, runs them in this process's Python, and does the
// engine's half of their call trees itself (internal/calltree). It knows the server by
// its connection alone, and must not decide anything that another subtenant could see:
// the server trusts no frame of it.
package child
