package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// balancer is one kind of balancer, as its own documents set it up.
type balancer struct {
	name, program string
	args          func(file, dir string) []string
	config        string // PORT, A, B and DIR are replaced
}

var balancers = []balancer{
	{
		name: "haproxy, checks of /readyz each second", program: "haproxy",
		args: func(file, _ string) []string { return []string{"-db", "-f", file} },
		config: `defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend calls
  bind 127.0.0.1:PORT
  default_backend servers
backend servers
  balance roundrobin
  option httpchk GET /readyz
  default-server check inter 1s fall 2 rise 1
  server a 127.0.0.1:A
  server b 127.0.0.1:B
`,
	},
	{
		name: "nginx, connections kept", program: "nginx",
		args:   func(file, dir string) []string { return []string{"-p", dir, "-c", file, "-e", "stderr"} },
		config: strings.Replace(nginx, "KEPT", "keepalive 32;", 1),
	},
	{
		name: "nginx, a connection for each call", program: "nginx",
		args:   func(file, dir string) []string { return []string{"-p", dir, "-c", file, "-e", "stderr"} },
		config: strings.Replace(nginx, "KEPT", "", 1),
	},
}

const nginx = `daemon off;
pid DIR/nginx.pid;
error_log stderr crit;
worker_processes 1;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path DIR/body;
  proxy_temp_path DIR/proxy;
  fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi;
  scgi_temp_path DIR/scgi;
  # By default a server that refused once is left alone for ten seconds, perhaps longer than the other one is there.
  upstream servers { server 127.0.0.1:A fail_timeout=1s; server 127.0.0.1:B fail_timeout=1s; KEPT }
  server {
    listen 127.0.0.1:PORT;
    location / {
      proxy_pass http://servers;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`

// start runs the balancer before two ports and returns its address.
func (b balancer) start(dir string, a, c int) (url string, stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	file := filepath.Join(dir, b.program+".conf")
	text := strings.NewReplacer("PORT", fmt.Sprint(port), ":A", fmt.Sprint(":", a), ":B", fmt.Sprint(":", c), "DIR", dir).Replace(b.config)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return "", nil, err
	}
	cmd := exec.Command(b.program, b.args(file, dir)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // killed, nginx would leave its worker behind
		_ = cmd.Wait()
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return "http://" + address, stop, conn.Close()
		}
		if time.Now().After(end) {
			stop()
			return "", nil, fmt.Errorf("it does not listen after ten seconds: %w", err)
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
