package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// proxy is one kind of proxy, with its file in deploy/proxies.
type proxy struct {
	name, program, file string
	args                func(dir string) []string
	// replace changes the file for this machine: pairs of old and new, in which PORT, PLAIN and DIR are replaced.
	replace []string
	around  string // the file that includes it; empty: it stands for itself

	url string
	cmd *exec.Cmd
}

func proxies() []*proxy {
	return []*proxy{
		{
			name: "haproxy", program: "haproxy", file: "haproxy.cfg",
			args:    func(dir string) []string { return []string{"-db", "-f", dir + "/haproxy.cfg"} },
			replace: []string{"bind :80", "bind 127.0.0.1:PLAIN", "bind :443", "bind 127.0.0.1:PORT", "maxconn 20000", "maxconn 2000"},
		},
		{
			name: "nginx", program: "nginx", file: "nginx.conf", around: nginxMain,
			args:    func(dir string) []string { return []string{"-p", dir, "-c", dir + "/main.conf", "-e", "stderr"} },
			replace: []string{"listen 80", "listen 127.0.0.1:PLAIN", "listen 443", "listen 127.0.0.1:PORT"},
		},
		{
			name: "Caddy", program: "caddy", file: "Caddyfile",
			args: func(dir string) []string {
				return []string{"run", "--adapter", "caddyfile", "--config", dir + "/Caddyfile"}
			},
			// Its certificate is one of its own, and nothing of this machine is changed.
			replace: []string{"\tgrace_period", "\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects\n\tlog {\n\t\tlevel ERROR\n\t}\n\tgrace_period"},
		},
	}
}

const nginxMain = `daemon off;
pid DIR/nginx.pid;
error_log stderr crit;
worker_processes 1;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path DIR/body;
  proxy_temp_path DIR/proxy;
  fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi;
  scgi_temp_path DIR/scgi;
  include DIR/nginx.conf;
}
`

// start runs the proxy in front of two servers.
func (p *proxy) start(source, dir string, servers [2]int) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	plain, err := freePort()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(source, p.file))
	if err != nil {
		return err
	}
	places := strings.NewReplacer("PORT", fmt.Sprint(port), "PLAIN", fmt.Sprint(plain), "DIR", dir)
	changes := []string{"/etc/maestro", dir, "maestro-1:8000", fmt.Sprint("127.0.0.1:", servers[0]), "maestro-2:8000", fmt.Sprint("127.0.0.1:", servers[1])}
	for i := 0; i < len(p.replace); i += 2 {
		if !strings.Contains(string(text), p.replace[i]) {
			return fmt.Errorf("%s has no line %q", p.file, p.replace[i])
		}
		changes = append(changes, p.replace[i], places.Replace(p.replace[i+1]))
	}
	files := map[string]string{p.file: strings.NewReplacer(changes...).Replace(string(text))}
	if p.around != "" {
		files["main.conf"] = places.Replace(p.around)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	p.url = "https://" + address
	p.cmd = exec.Command(p.program, p.args(dir)...)
	p.cmd.Env = append(os.Environ(), "SITE_ADDRESS="+p.url, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return err
	}
	// Caddy makes its certificate after it listens.
	dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // made for this trial
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := dialer.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(end) {
			p.stop()
			return fmt.Errorf("%s does not serve after 30 seconds: %w", p.name, err)
		}
	}
}

func (p *proxy) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // killed, nginx would leave its worker behind
	_ = p.cmd.Wait()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
