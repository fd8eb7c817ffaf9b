// Package probe finds out whether modules can be imported in an interpreter
// like those of subtenants: in the embedded lane one of several in a process, with
// its own GIL, in the process lane the main one of a process.
// Many extension modules do not support the former, which only their import shows;
// and a crash in the server's process would end it for all subtenants. So
// each new module is imported in a child process first.
//
// It must not contain any Python: that is the child's task (embed.Probe). The
// consequences of a finding are decided in one place, decide.go.
package probe
