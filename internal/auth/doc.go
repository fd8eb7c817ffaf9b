// Package auth says who a caller is: it turns a bearer token into a
// Principal, and a Principal with a wish into the one subtenant that a call
// is about.
//
// It must not know HTTP, and must not decide what a caller may do with a
// resource: that is the handlers' part. Tokens never reach a log or an error.
package auth
