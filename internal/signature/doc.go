// Package signature verifies the sender of a webhook's call: a sender that shares
// a secret with the owner of the webhook has signed the raw bytes.
//
// It contains the schemes, their headers and their replay windows. It must not
// know where secrets are stored, and an error must not contain any part of a
// secret or of the expected signature. Signatures are compared in constant time.
package signature
