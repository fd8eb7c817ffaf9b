// Package child runs programs that leave nothing behind: neither when they end,
// nor when the server is killed, nor when they ignore everything that they are
// told. pip builds packages by programs that it starts, and a module that is
// imported may start others; a signal to one process would not reach those.
//
// So a small program, the guard, stands between the server and each child. All
// that descends from the child becomes the guard's when its parents end (it is
// a subreaper), and the guard kills it all when the child has ended, when the
// time is up, or when the pipe is closed whose other end the server alone has:
// the kernel closes it when the server dies, however that happens.
//
// It must not know what it runs, and must not be thought a defence against a
// program that means to harm: the guard runs as the same user.
package child
