// Package supervisor keeps one server process running: it starts the server with
// a clean environment, hands it the listening socket and the settings, starts it
// again when it ends by itself, and ends the processes that it leaves behind.
//
// Both ends of the handover are here: Supervisor in the process that stays,
// Handover in the server. The package must not know the settings, the database or
// HTTP, and must not run code of subtenants: what ends the server leaves the
// supervisor alone.
package supervisor
