package cpython

// #include <stdlib.h>
// #include "rail_child.h"
// #include "rail_network.h"
// #include "rails.h"
import "C"

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"unsafe"
)

// Policy is what subtenants' code may not use in this process, the same for all
// subtenants of a server. It is never freed.
type Policy struct{ c *C.struct_maestro_policy }

// PolicyConfig describes a Policy.
type PolicyConfig struct {
	Data     string           // the data folder
	Private  []string         // paths with keys and tokens
	Readable []string         // paths that may be read, within those also
	Networks []netip.Prefix   // that may not be connected to
	Services []netip.AddrPort // the same: the server's own database and Redis
	Port     int              // that the server listens on; 0: connections to it are not recognised
}

// NewPolicy makes a Policy.
func NewPolicy(cfg PolicyConfig) (*Policy, error) {
	networks := make([]string, len(cfg.Networks))
	for i, network := range cfg.Networks {
		address, bits := network.Addr(), network.Bits()
		if address.Is4() {
			address, bits = netip.AddrFrom16(address.As16()), bits+96
		}
		networks[i] = fmt.Sprintf("%s/%d", address, bits)
	}
	services := make([]string, len(cfg.Services))
	for i, service := range cfg.Services {
		services[i] = fmt.Sprintf("[%s]:%d", netip.AddrFrom16(service.Addr().As16()), service.Port())
	}
	var texts []*C.char
	lines := func(entries ...string) *C.char {
		text := C.CString(strings.Join(entries, "\n"))
		texts = append(texts, text)
		return text
	}
	defer func() {
		for _, text := range texts {
			C.free(unsafe.Pointer(text))
		}
	}()
	var message *C.char
	policy := C.maestro_policy_new(lines(cfg.Data), lines(cfg.Private...), lines(cfg.Readable...), lines(networks...), lines(services...),
		C.int(cfg.Port), &message)
	if policy == nil {
		defer C.free(unsafe.Pointer(message))
		return nil, errors.New(C.GoString(message))
	}
	return &Policy{policy}, nil
}

// Confinement is what belongs to the subtenant of an interpreter.
type Confinement struct {
	Folder    string // its own, which exists
	Temporary string // in Folder, which stands for /tmp
	Packages  string // the folder of its packages; empty for none
	MaxBytes  int64  // that the files in Folder may take; 0: any number
}

// Confine puts up the rails in an interpreter, before its first call and once.
func (in *Interpreter) Confine(policy *Policy, c Confinement) error {
	folder, temporary, packages := C.CString(c.Folder), C.CString(c.Temporary), C.CString(c.Packages)
	defer C.free(unsafe.Pointer(folder))
	defer C.free(unsafe.Pointer(temporary))
	defer C.free(unsafe.Pointer(packages))
	done, err := C.maestro_rails_assign(in.c, policy.c, folder, temporary, packages, C.uint64_t(max(0, c.MaxBytes)))
	runtime.KeepAlive(in)
	if done == 0 {
		return fmt.Errorf("put up the rails in an interpreter, with the folder %s: %w", c.Folder, err)
	}
	return nil
}

// ChildrenConfined reports whether the kernel confines child processes of
// subtenants' code.
func ChildrenConfined() bool { return C.maestro_landlock_version() > 0 }

// RailNames returns the names of all rails, in the order of their table.
func RailNames() []string {
	var names []string
	for i := C.int(0); ; i++ {
		name := C.maestro_rail_name(i)
		if name == nil {
			return names
		}
		names = append(names, C.GoString(name))
	}
}

// connections is the table of rail_network.h, which C and Go share.
var connections = (*[1 << 16]atomic.Uint64)(unsafe.Pointer(&C.maestro_connections))

// ConnectedFrom returns the number of the socket that subtenants' code has
// connected to the server's port with, from that port of this machine; 0 if it
// has not. The socket may be closed by now.
func ConnectedFrom(port uint16) uint64 { return connections[port].Load() }

// NoteConnection has ConnectedFrom report a socket that another process of subtenants'
// code is about to connect to the server's port with.
func NoteConnection(port uint16, socket uint64) { connections[port].Store(socket) }

// ForgetConnection ends what ConnectedFrom reports for a port, if it is still
// that socket.
func ForgetConnection(port uint16, socket uint64) { connections[port].CompareAndSwap(socket, 0) }
