// Package probe finds out whether modules can be imported in an interpreter such
// as subtenants have: one of several in a process, with a GIL of its own. Many
// extension modules can't, which only their import tells; and in one address
// space a module that crashes takes everyone down. So each new module is
// imported in a child process first.
//
// It must not hold any Python: the child is another program's matter
// (embed.Probe). What is to be done about a finding is decided in one place,
// decide.go.
package probe
