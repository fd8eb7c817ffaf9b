// Package folder reads and writes a folder that is the source of functions:
// NAME.py has the code of a function, NAME.toml beside it its settings, its
// webhooks and its schedules. It also merges the changes of a folder with those of
// a server.
//
// It must not send requests, and it runs no Python.
package folder
