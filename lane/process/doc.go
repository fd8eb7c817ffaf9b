// Package process is the server's half of the process lane: the functions of a
// subtenant run in child processes that are its own, and that are killed when their
// code does not stop. It chooses a child for each call, starts and ends children, and
// passes what they report on to the engine. It compiles nothing, and must not trust a
// child: one that sends what no honest child sends is killed, and its calls fail.
package process
