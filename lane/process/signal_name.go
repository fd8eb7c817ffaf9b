package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName names a signal as signal(7) does.
func signalName(number syscall.Signal) string {
	if name := unix.SignalName(number); name != "" {
		return name
	}
	return number.String()
}
