// Package deploy carries the functions of a folder to a server, and those of a
// server to a folder.
//
// It must not print or ask: it makes plans, and carries out those that its
// caller has shown.
package deploy
