package cpython

import (
	"bufio"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// childOutputs are the outputs of processes that functions have started without
// redirecting them: they belong to the call, line by line. Each ends when the
// process and all that inherited its pipe from it have ended.
var childOutputs struct {
	last atomic.Uint64
	open sync.Map // uint64 → chan struct{}, closed at the end
}

// childReadLimit is how long the end of a process waits for the rest of its
// output, to which another process may continue to write.
const childReadLimit = 200 * time.Millisecond

// readChild reads the pipes of a process's stdout and stderr, either of which
// may be -1, for the frame that started it.
func readChild(from Caller, stdout, stderr int) uint64 {
	id, done := childOutputs.last.Add(1), make(chan struct{})
	var streams sync.WaitGroup
	for name, fd := range map[string]int{"stdout": stdout, "stderr": stderr} {
		if fd < 0 {
			continue
		}
		_ = syscall.SetNonblock(fd, true) // so that no thread is blocked in reading
		file := os.NewFile(uintptr(fd), name)
		streams.Go(func() {
			defer func() { _ = file.Close() }()
			readLines(file, func(line string) { callbacks.Load().Log(from, name, "", line, nil) })
		})
	}
	childOutputs.open.Store(id, done)
	go func() {
		streams.Wait()
		childOutputs.open.Delete(id)
		close(done)
	}()
	return id
}

// childLine is the longest line that is not split.
const childLine = 64 << 10

// readLines passes on each line, without its end.
func readLines(from io.Reader, take func(string)) {
	reader := bufio.NewReaderSize(from, childLine)
	for {
		line, err := reader.ReadSlice('\n')
		if n := len(line); n > 0 {
			if line[n-1] == '\n' {
				line = line[:n-1]
			}
			take(string(line))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// awaitChild returns when the whole output of the process has been passed on.
func awaitChild(id uint64) {
	done, found := childOutputs.open.Load(id)
	if !found {
		return
	}
	select {
	case <-done.(chan struct{}):
	case <-time.After(childReadLimit):
	}
}
