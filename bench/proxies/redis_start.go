package main

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"time"
)

// startRedis starts the Redis that both servers share.
func startRedis(dir string) (url string, stop func(), err error) {
	socket := filepath.Join(dir, "redis.sock")
	cmd := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill() // it holds nothing that is kept
		_ = cmd.Wait()
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			return "unix://" + socket, stop, conn.Close()
		}
		if time.Now().After(end) {
			stop()
			return "", nil, fmt.Errorf("redis-server does not listen after ten seconds: %w", err)
		}
	}
}
