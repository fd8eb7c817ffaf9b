package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"net"
)

// Redis returns the URL of a real Redis, and a prefix for this test's keys. It
// is started once in a test process and ends with it. Without redis-server on
// the machine the test is skipped.
func Redis(t testing.TB) (url, prefix string) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed: scripts/setup does that (on Debian: apt-get install redis-server)")
	}
	socket, err := theRedis()
	if err != nil {
		t.Fatalf("start redis-server: %v", err)
	}
	return "unix://" + socket, t.Name() + ":"
}

var theRedis = sync.OnceValues(func() (string, error) {
	dir, err := cacheDir("redis")
	if err != nil {
		return "", err
	}
	socket := filepath.Join(dir, fmt.Sprintf("%d.sock", os.Getpid()))
	_ = os.Remove(socket) // of a process that had this number before
	began := make(chan error, 1)
	go func() {
		// The parent-death signal comes when this thread ends: keep it.
		runtime.LockOSThread()
		cmd := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no")
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
		began <- cmd.Start()
		_ = cmd.Wait()
	}()
	if err := <-began; err != nil {
		return "", err
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			return socket, conn.Close()
		}
		if time.Now().After(deadline) {
			return "", err
		}
	}
})
