package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"maestro/cpython"
	"maestro/internal/config"
	"maestro/internal/doctor"
	"maestro/lane/confine"
)

const (
	scarceDisk = 2 << 30 // bytes: less is a warning
	leastDisk  = 200 << 20
	leastFiles = 4096 // descriptors that the server may have open
)

func (d *examination) dataFolder(_ context.Context, r *doctor.Report) {
	const advice = "Set DATA_DIR to a folder that this user can write, or change the owner of this one."
	if err := d.cfg.Prepare(); err != nil {
		r.Fail(advice, "%v", err)
		return
	}
	file, err := os.CreateTemp(d.cfg.DataDir, ".doctor-")
	if err == nil {
		err = errors.Join(file.Sync(), file.Close(), os.Remove(file.Name()))
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		r.Fail("Free some space on the disk of the data folder.", "%v", err)
		return
	case err != nil:
		r.Fail(advice, "%v", err)
		return
	}
	d.usable = true
	var disk unix.Statfs_t
	if err := unix.Statfs(d.cfg.DataDir, &disk); err != nil {
		r.Warn("Look at the disk that holds it.", "the free space of %s cannot be read: %v", d.cfg.DataDir, err)
		return
	}
	free := disk.Bavail * uint64(disk.Bsize)
	switch {
	case free < leastDisk:
		r.Fail("Free some, or set DATA_DIR to a folder on another disk.", "%d MB are free on the disk of %s", free>>20, d.cfg.DataDir)
	case free < scarceDisk:
		r.Warn("Free some: packages, records and the spool grow there.", "%d MB are free on the disk of %s", free>>20, d.cfg.DataDir)
	default:
		r.OK("%s, %d GB free", d.cfg.DataDir, free>>30)
	}
	switch disk.Type {
	case unix.TMPFS_MAGIC, unix.RAMFS_MAGIC:
		r.Warn("Set DATA_DIR to a folder on a disk.", "%s is in memory: its content is lost at the next boot", d.cfg.DataDir)
	case unix.NFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC:
		r.Warn("Set DATA_DIR to a folder on a local disk, one for each server.", "%s is on a network file system, whose locks and flushes are not dependable", d.cfg.DataDir)
	}
}

func (d *examination) machine(_ context.Context, r *doctor.Report) {
	if bytes := machineMemory("/"); bytes > 0 && bytes < 512<<20 {
		r.Warn("Give it 512 MB or more, or lower MAX_FUNCTION_MEMORY and MAX_INTERPRETER_MEMORY.", "%d MB of memory", bytes>>20)
	} else {
		r.OK("%d MB of memory", bytes>>20)
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && files.Max < leastFiles {
		r.Warn("Raise the limit (ulimit -n, LimitNOFILE of systemd, or --ulimit nofile of the container).",
			"the server may have %d files and connections open", files.Max)
	}
	if os.Geteuid() == 0 && d.cfg.AuthMode() != config.AuthDevelopment {
		r.Warn("Run the server as a user of its own.", "the server would run as root")
	}
	if !cpython.ChildrenConfined() {
		r.Warn("Use a kernel of 5.13 or later that has Landlock switched on.",
			"this kernel has no Landlock: child processes of functions may do what the server's user may")
	}
}

// confinement shows which measures the process lane has here.
func (d *examination) confinement(ctx context.Context, r *doctor.Report) {
	if d.lacksFolder(r) {
		return
	}
	report, err := confine.Probe(ctx, d.cfg.DataDir)
	if err != nil {
		r.Warn("Run functions in the embedded lane, or mend the cause.", "the process lane cannot confine a program: %v", err)
		return
	}
	if err := report.Usable(); err != nil {
		r.Warn("Run functions in the embedded lane, or mend the cause.", "the process lane cannot confine a program: %v", err)
		return
	}
	var held []string
	for _, found := range report.Findings {
		switch {
		case found.Holds && found.Detail != "":
			held = append(held, fmt.Sprintf("%s (%s)", found.Measure, found.Detail))
		case found.Holds:
			held = append(held, string(found.Measure))
		default:
			r.Warn("docs/threat-model.md says what this measure is for. PROCESS_LANE_REQUIRE makes the server refuse to start without it.",
				"%s does not hold: %s", found.Measure, found.Detail)
		}
	}
	r.OK("the process lane has %s", strings.Join(held, ", "))
}

// address says whether the server could listen.
func (d *examination) address(ctx context.Context, r *doctor.Report) {
	listener, err := listen(d.cfg)
	switch {
	case err == nil:
		_ = listener.Close()
		r.OK("%s is free", d.cfg.Address())
	case findAddress(d.cfg) == localURL(d.cfg, &net.TCPAddr{Port: d.cfg.Port}) && d.serves(ctx):
		r.OK("the server of this data folder listens on %s", d.cfg.Address())
	default:
		r.Fail("Stop the program that listens there, or set HOST and PORT.", "%v", err)
	}
	if d.cfg.AuthMode() == config.AuthDevelopment && !onLoopback(d.cfg.Host) {
		r.Warn("Set CENSUS_JWT_SECRET or CENSUS_API_URL, or HOST=127.0.0.1.", "development mode lets everyone who reaches %s call the API", d.cfg.Address())
	}
}

// serves reports whether a server uses the data folder: the embedded database says so,
// and with a DATABASE_URL the server itself.
func (d *examination) serves(ctx context.Context) bool {
	if d.inUse {
		return true
	}
	_, _, err := askHealth(ctx, findAddress(d.cfg))
	return err == nil
}

// lacksFolder reports whether the data folder cannot be used, with the finding of a check
// that needs it.
func (d *examination) lacksFolder(r *doctor.Report) bool {
	if !d.usable {
		r.Skip("Mend the data folder first.", "not examined: the data folder cannot be used")
	}
	return !d.usable
}
