// Package payload turns what a sender sends (bodies, forms, queries, headers) into JSON
// for a function.
//
// It supports old and unusual senders: it follows the rules of browsers (the WHATWG
// standards for URLs, MIME types and encodings) and the conventions of mail
// libraries, so that a field keeps its name and its value in every charset and
// quoting. It must not know connections, webhooks or subtenants: bytes go in, JSON
// comes out.
package payload
