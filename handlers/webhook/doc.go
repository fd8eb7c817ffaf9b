// Package webhook handles the calls of webhooks, the hot path of the server. It
// finds the webhook of a method and a path (table_*.go), checks the signature
// (signer.go), converts the request to the input of the function (input_*.go),
// runs the function, and writes the response (answer_*.go). Begin with call.go.
//
// It must not know how a request arrives, how its body is read, or how a repeat
// is recognised: the rest of the edge does that behind the interface Request. It
// must not store webhooks either.
package webhook
