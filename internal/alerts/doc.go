// Package alerts sends messages when a function fails, when it is well again, and
// when a schedule did not run.
//
// The transaction that writes a failure leaves a signal in the database. In rounds
// (round.go) one server at a time turns signals into problems, of which there is one
// for each function and each schedule, and problems into messages: at most one an
// hour, with the number of those occurrences that were left out. Messages wait in the database until any
// server has delivered them (sender.go): to an address, in the form of Standard Webhooks, or to
// another function of the subtenant.
//
// It must not be asked on the path of a call, must not keep anything in memory that
// another server would have to know, and must not make a message about the delivery of one.
package alerts
