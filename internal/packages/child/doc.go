// Package child runs programs whose processes all end: when the program ends,
// when the server is killed, and when they ignore signals. pip builds packages
// by programs that it starts, and an imported module may start others; a
// signal to one process would not reach those.
//
// So a small program, the guard, stands between the server and each child. The
// guard is a subreaper: it inherits every descendant of the child whose parent
// ends. It kills them all when the child has ended, when the time is up, or
// when the pipe is closed whose other end only the server holds: the kernel
// closes it when the server dies, for any reason.
//
// It must not know which program it runs, and must not be considered a
// protection against hostile programs: the guard runs as the same user.
package child
