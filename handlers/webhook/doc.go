// Package webhook answers the calls of webhooks, the hot path of the server. It
// finds the webhook of a method and a path (table_*.go), checks the signature
// (signer.go), makes the request the input of the function (input_*.go), has it
// run, and answers with what it returned (answer_*.go); call.go is the story.
//
// It must not know how a request arrived, how its body is read, or how a repeat
// is recognised: that is the part of the edge behind Request. It must not store
// webhooks either.
package webhook
