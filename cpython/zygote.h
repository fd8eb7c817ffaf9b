// zygote.h: a process that has imported a subtenant's packages and is forked for each
// process that needs them.
//
// It is this program, begun with MAESTRO_ZYGOTE in its environment, and never comes to
// run Go: a constructor, which runs before Go's runtime starts, loads Python, imports the
// modules, and then forks by request. In a forked child the constructor returns, and Go
// starts there with Python in place (cpython.LoadAlone adopts it). So there is one thread
// when the process is forked, and no state of Go's is copied.
//
// MAESTRO_ZYGOTE is "control config", the numbers of two descriptors. config is a file of
// texts that each end with a zero byte: the home of Python, the source of the runtime, the
// folder of packages (or empty), and the modules to import, one a line. control is a
// SOCK_SEQPACKET socket. The zygote's messages, with their lines:
//
//     ready, or threads, or failed    once, first. threads: a fork would lose threads, which
//                                     the modules in the lines "threads module" have
//                                     started. failed: and why; the zygote then ends.
//                                     "refused module: text": it could not be imported
//     forked pid                      with a pidfd
//     unforked text
//     ended pid status                as of wait(2)
//
// Each message of the server, of one byte, asks for a fork, and carries the descriptor
// that the child gets, under the number of control. When the socket is closed the zygote ends, and its children with
// it. They also end with the zygote.
//
// MAESTRO_CHILD with the number of such a descriptor says that a process was begun for a
// subtenant without a zygote.
#ifndef MAESTRO_ZYGOTE_H
#define MAESTRO_ZYGOTE_H

// The descriptor that this process was given for its work, or -1: it is no such process.
int maestro_zygote_connection(void);

// The home of the Python that a zygote has loaded before this process was forked from it,
// or NULL.
const char *maestro_zygote_home(void);

// Go has started in a forked process, after Python. Returns NULL, or a malloc'ed message.
char *maestro_zygote_adopt(void);

#endif
