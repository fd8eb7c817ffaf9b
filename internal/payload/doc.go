// Package payload turns what a sender sends (bodies, forms, queries) into JSON
// for a function.
//
// Senders are of every age and make: it reads by the rules that browsers follow
// (the WHATWG standards for URLs, MIME types and encodings) and by the habits of
// mail libraries, so that a field keeps its name and its value whatever its
// charset and its quoting. It must not know of connections, webhooks or
// subtenants: bytes go in, JSON comes out.
package payload
