// Package confine starts programs that the kernel confines: the zygotes and
// children of the process lane, whose code is not trusted.
//
// A confined program is not started directly. The server executes itself once
// more, in namespaces of its own, as the *stage* (stage.go), which receives a
// plan, gives up all that the program shall not have, and executes the program
// in its own place. So each measure holds before the first instruction of the
// program, and for all processes that it starts.
//
// Probe tries each measure on this machine, in a stage of its own: a container
// or an older kernel has fewer. Apply then uses those that hold, and a program
// for which one of these fails is not started.
//
// Two measures continue outside the program: its connections are made by the
// server on its behalf (watch.go), and its folder is measured (space.go).
//
// In a namespace of processes a program knows other numbers of processes than the
// server. The number that the server knows is found by a descriptor of the
// process (PidOf).
//
// It must not know subtenants, packages or Python: callers say which folders a
// program needs.
package confine
