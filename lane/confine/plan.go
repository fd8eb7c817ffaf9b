package confine

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// plan is what the server tells a stage to do, in this order.
type plan struct {
	View   *view          `json:",omitempty"` // nil: the server's view of the files
	User   uint32         `json:",omitempty"` // to become; 0: none
	Groups bool           `json:",omitempty"` // whether the groups of the server can be given up
	Limits map[int]uint64 `json:",omitempty"` // by the numbers of rlimits
	Rules  *rules         `json:",omitempty"` // of Landlock
	Filter []bpf.RawInstruction
	Watch  bool `json:",omitempty"` // the filter asks the server about connections

	Wait bool `json:",omitempty"` // for the server, which puts this process into its group

	Path      string // the program; empty: none, the stage only tries all measures and reports
	Args, Env []string
	Dir       string
	DeathSig  int // that the program gets when the server's thread ends

	Try string // an address that a stage without a program connects to
}

// verdict is what the stage answers: an error for each part that failed. The
// first one ends a stage that has a program.
type verdict struct {
	Failed map[string]string `json:",omitempty"` // by part
}

// The parts of a plan, as verdicts name them.
const (
	partView       = "view"
	partUser       = "user"
	partPrivileges = "privileges"
	partLimits     = "limits"
	partRules      = "rules"
	partFilter     = "filter"
	partConnect    = "connect"
	partProgram    = "program"
)

// view is the private view of the files: an empty one, in which all that is
// listed appears at its own path.
type view struct {
	Base   string   // a folder that the view is built on, which needs no content
	Read   []string // resolved paths
	Write  []string // resolved paths
	Hide   []string // resolved paths of folders that are empty, in those of Read
	Links  []link
	Files  map[string]string // texts, by path
	Temp   string            // the folder, among those of Write, that is /tmp
	Proc   bool              // a /proc of the new namespace of processes
	Shared int64             // bytes of /dev/shm
}

// link is a symbolic link of the view.
type link struct{ Path, Target string }

// rules are those of Landlock.
type rules struct {
	Version int
	Files   []fileRule
	NoTCP   bool     // no TCP connection is made by the program itself
	NoPorts []uint16 // none to these ports of any machine
}

// fileRule allows rights beneath a path.
type fileRule struct {
	Path   string
	Rights uint64
}

// spaces are the namespaces that a program gets.
type spaces struct{ users, mounts, processes bool }

func (s spaces) flags() uintptr {
	var flags uintptr
	if s.users {
		flags |= unix.CLONE_NEWUSER
	}
	if s.mounts {
		flags |= unix.CLONE_NEWNS | unix.CLONE_NEWIPC
	}
	if s.processes {
		flags |= unix.CLONE_NEWPID
	}
	return flags
}
