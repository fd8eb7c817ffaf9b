// Package signature checks that a webhook's call comes from whom it claims:
// somebody who shares a secret with its owner has signed the raw bytes.
//
// It knows the schemes, their headers and their replay windows. It must not
// know where secrets are kept, must not read more than it is given, and must
// not say in an error anything of a secret or of the signature that it
// expected. Signatures are compared in constant time.
package signature
