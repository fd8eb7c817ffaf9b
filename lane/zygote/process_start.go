package zygote

import (
	"os/exec"
	"runtime"
	"sync"
)

// starter runs functions on an OS thread that lives as long as this process: the kernel ends
// a process that has asked for it when the thread ends that has started it.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread() // for ever
		for f := range work {
			f()
		}
	}()
	return work
})

func startProcess(cmd *exec.Cmd) error {
	done := make(chan error)
	starter() <- func() { done <- cmd.Start() }
	return <-done
}
