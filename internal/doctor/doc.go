// Package doctor runs the checks of `maestro doctor` and shows their findings.
//
// It must not know the parts that are checked, and repairs nothing.
package doctor
