package confine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// systemPaths are what programs read of the system: libraries, certificates,
// names and time zones. Not among them: homes, keys, other programs' data.
var systemPaths = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store", "/run/current-system",
	"/etc/alternatives", "/etc/ca-certificates", "/etc/ca-certificates.conf", "/etc/crypto-policies", "/etc/fonts", "/etc/gai.conf",
	"/etc/host.conf", "/etc/hosts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/magic", "/etc/mime.types",
	"/etc/networks", "/etc/nsswitch.conf", "/etc/os-release", "/etc/pki/ca-trust", "/etc/pki/tls/cert.pem", "/etc/pki/tls/certs",
	"/etc/pki/tls/openssl.cnf", "/etc/protocols", "/etc/resolv.conf", "/etc/services", "/etc/shells", "/etc/ssl/cert.pem", "/etc/ssl/certs",
	"/etc/ssl/openssl.cnf", "/etc/terminfo", "/etc/timezone", "/etc/static",
	"/sys/devices/system/cpu", "/sys/devices/system/node",
}

// figures of the machine that programs read in /proc, beside their own
// processes.
var figures = []string{
	"/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/version", "/proc/filesystems", "/proc/sys",
}

// resolved are paths without links, and the links that lead there.
type resolved struct {
	paths []string
	links []link
}

// resolve finds the paths that exist.
func resolve(paths []string) resolved {
	var r resolved
	for _, path := range paths {
		path = filepath.Clean(path)
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			continue
		}
		r.paths = append(r.paths, real)
		if real != path {
			r.links = append(r.links, linkOf(path, real))
		}
	}
	slices.Sort(r.paths)
	all := r.paths
	r.paths = nil
	for _, path := range all {
		if !r.holds(path) { // else it is in a folder that is shown
			r.paths = append(r.paths, path)
		}
	}
	return r
}

// linkOf keeps the text of a link, so that paths with .. from it lead where they
// lead on the machine.
func linkOf(path, real string) link {
	if text, err := os.Readlink(path); err == nil && !strings.Contains(text, "..") {
		if target := text; filepath.IsAbs(target) || !strings.Contains(target, "/") {
			return link{path, text}
		}
	}
	return link{path, real}
}

// makeView lists what a program sees.
func makeView(p *Policy, user uint32, processes bool) *view {
	read := resolve(slices.Concat(systemPaths, p.Readable))
	hidden := slices.DeleteFunc(resolve(p.Hidden).paths, func(path string) bool { return !read.holds(path) })
	return &view{
		Base: p.Scratch, Read: append(read.paths, shown(p, hidden)...), Links: read.links, Write: []string{p.Scratch}, Hide: hidden,
		Files: accounts(p, user), Temp: p.Temporary, Proc: processes, Shared: p.shared(),
	}
}

// shown are the readable paths in hidden folders.
func shown(p *Policy, hidden []string) (paths []string) {
	for _, path := range p.Readable {
		if real, err := filepath.EvalSymlinks(path); err == nil && isIn(real, hidden) {
			paths = append(paths, real)
		}
	}
	return paths
}

// isIn reports whether a path is in one of the folders.
func isIn(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return within(path, folder) })
}

// holds reports whether a path is one of those or in one.
func (r *resolved) holds(path string) bool {
	return isIn(path, r.paths)
}

// visible returns a path; or, if it has hidden folders in it, the others there: a rule of
// Landlock can only add.
func visible(path string, hidden []string) []string {
	if isIn(path, hidden) {
		return nil
	}
	if !slices.ContainsFunc(hidden, func(folder string) bool { return within(folder, path) }) {
		return []string{path}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	var paths []string
	for _, entry := range entries {
		if entry.Type()&fs.ModeSymlink != 0 { // it needs no rule, and where it leads has its own
			continue
		}
		paths = append(paths, visible(filepath.Join(path, entry.Name()), hidden)...)
	}
	return paths
}

// accounts are the files that name users: the program finds its own user, and
// none of the machine's.
func accounts(p *Policy, user uint32) map[string]string {
	group := user
	if user == 0 {
		user, group = uint32(os.Geteuid()), uint32(os.Getegid())
	}
	return map[string]string{
		"/etc/passwd": fmt.Sprintf("root:x:0:0:root:/:/bin/sh\nfunction:x:%d:%d:function:%s:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n", user, group, p.Scratch),
		"/etc/group":  fmt.Sprintf("root:x:0:\nfunction:x:%d:\nnogroup:x:65534:\n", group),
	}
}

// makeRules lists what Landlock allows. Behind a view it is the second line of
// defence; without one it is the only one.
func makeRules(p *Policy, version int, behindView, watched bool) *rules {
	r := &rules{Version: version, NoTCP: watched}
	if !watched && p.Network != nil {
		r.NoPorts = p.Network.ports()
	}
	add := func(rights uint64, paths ...string) {
		for _, path := range paths {
			r.Files = append(r.Files, fileRule{path, rights})
		}
	}
	if behindView {
		add(readRights, "/")
		add(fileRights, "/proc") // of its own processes: the kernel decides by their users
		add(writeRights, "/tmp")
	} else {
		hidden := resolve(p.Hidden).paths
		for _, path := range resolve(slices.Concat(systemPaths, p.Readable)).paths {
			add(readRights, visible(path, hidden)...)
		}
		add(readRights, shown(p, hidden)...)
		add(readRights, "/etc/passwd", "/etc/group")
		add(readRights, figures...)
		add(readRights, "/proc/self") // of the program itself; those that it starts see none
	}
	add(fileRights, devices...)
	add(readRights|fileRights, "/dev/pts", "/dev/ptmx")
	add(writeRights, "/dev/shm", p.Scratch)
	return r
}
