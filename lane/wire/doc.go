// Package wire carries frames between the server and a child of the process lane, over
// a stream socket: a length, a kind and a body of fields. It knows the fields of each
// kind, and must not act on them. It trusts neither end: a length beyond the limit,
// a body that is cut short and a field that is longer than its body are errors, and
// memory is taken as bytes arrive.
package wire
