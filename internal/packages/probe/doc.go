// Package probe finds out whether modules can be imported in an interpreter
// like those of subtenants: one of several in a process, with its own GIL.
// Many extension modules do not support that, which only their import shows;
// and a crash in the server's process would end it for all subtenants. So
// each new module is imported in a child process first.
//
// It must not contain any Python: that is the child's task (embed.Probe). The
// consequences of a finding are decided in one place, decide.go.
package probe
