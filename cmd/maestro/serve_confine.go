package main

import (
	"cmp"
	"context"
	"log/slog"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"maestro/cpython"
	"maestro/embed"
	"maestro/lane/confine"
	"maestro/lane/process"
)

// confinement is what the children of all subtenants have in common.
type confinement struct {
	*parts
	rails   *embed.Rails // what functions may not use, in this lane too
	owners  *confine.Owners
	program string // that children run

	watched watched
}

// probeConfinement finds out what confines the children of the process lane on
// this machine, and refuses to start without what PROCESS_LANE_REQUIRE names.
func (p *parts) probeConfinement(ctx context.Context) (err error) {
	if p.confined, err = confine.Probe(ctx, filepath.Join(p.cfg.DataDir, "files")); err != nil {
		return err
	}
	if err := p.confined.Require(p.cfg.ProcessLaneRequire); err != nil {
		return err
	}
	if err := p.confined.Usable(); err != nil {
		p.log.Warn("the process lane cannot be used", slog.Any("error", err))
		return nil
	}
	var holds, missing []string
	for _, finding := range p.confined.Findings {
		if finding.Holds {
			holds = append(holds, string(finding.Measure))
		} else {
			missing = append(missing, string(finding.Measure)+" ("+finding.Detail+")")
		}
	}
	p.log.Info("the process lane is confined", slog.String("by", strings.Join(holds, ", ")), slog.String("not_by", strings.Join(missing, ", ")))
	return nil
}

// newConfinement makes what confines children.
func (p *parts) newConfinement(rails *embed.Rails, program string) *confinement {
	return &confinement{
		parts: p, rails: rails, program: program, owners: confine.NewOwners(filepath.Join(p.cfg.DataDir, "files")),
		watched: watched{of: map[string]watching{}},
	}
}

// prepare confines a child of a subtenant, or the process that its children are forked from.
func (c *confinement) prepare(spec process.Spec, cmd *exec.Cmd) (release func(), err error) {
	home, err := c.homes.Of(spec.Tenant)
	if err != nil {
		return nil, err
	}
	user, err := c.owners.Own(home.Folder)
	if err != nil {
		return nil, err
	}
	c.watch(spec.Tenant, home.Folder)
	cmd.Dir = home.Folder
	cmd.Env = append(cmd.Env, "HOME="+home.Folder, "TMPDIR="+home.Temporary)
	policy := confine.Policy{
		Readable: slices.Concat([]string{spec.Home, c.program}, c.rails.Readable), Hidden: []string{c.cfg.DataDir}, Scratch: home.Folder, Temporary: home.Temporary, User: user,
		Network: &confine.Destinations{Deny: c.rails.Networks, Services: c.rails.Services, Port: uint16(c.rails.Port), Own: cpython.NoteConnection},
		Tasks:   c.tasks(), Files: c.files(), File: c.cfg.MaxFunctionDisk, Data: max(leastData, dataFactor*c.cfg.MaxFunctionMemory),
		Shared: c.cfg.MaxFunctionMemory / 2, Group: filepath.Base(home.Folder), Memory: c.memory(),
	}
	if spec.Packages.Path != "" {
		policy.Readable = append(policy.Readable, spec.Packages.Path)
	}
	return c.confined.Apply(cmd, policy, c.log.With(slog.String("tenant", spec.Tenant)))
}

const (
	// leastData and dataFactor make the bound on the memory that a process may ask for. It is a
	// backstop: the stacks of threads count in full, and libraries ask for more than they use.
	leastData  = 8 << 30
	dataFactor = 16
	// ownTasks are the threads of the runtimes in each child.
	ownTasks = 192
	// ownMemory is what the runtimes in each child take.
	ownMemory = 96 << 20
	// ownFiles are the descriptors of the runtimes in each child.
	ownFiles = 512
)

// tasks bounds the processes and threads of a subtenant's children together.
func (c *confinement) tasks() int {
	return (c.children() + 1) * (ownTasks + 2*c.cfg.MaxFunctionThreads) // one more while one is replaced
}

func (c *confinement) children() int { return cmp.Or(c.cfg.MaxChildren, max(2, runtime.GOMAXPROCS(0))) }

// memory bounds what a subtenant's children, the processes that they start, and their shared memory take
// together. The bound of each child is the lane's to keep.
func (c *confinement) memory() int64 {
	return int64(c.children()+2)*(c.cfg.MaxFunctionMemory+ownMemory) + c.cfg.MaxFunctionMemory/2
}

func (c *confinement) files() int { return 2*c.cfg.MaxFunctionDescriptors + ownFiles }

// watched are the subtenants that have had children: their folders, and their memory where the kernel does not
// bound it.
type watched struct {
	mu sync.Mutex // guards of
	of map[string]watching
}

type watching struct {
	space  *confine.Space  // nil: no bound
	memory *confine.Memory // nil: the kernel's to bound
}

// look has what a subtenant takes measured if it is time, without waiting for it.
func (c *confinement) look(tenant string, processes []int, busy bool) {
	c.watched.mu.Lock()
	w := c.watched.of[tenant]
	c.watched.mu.Unlock()
	go func() {
		if w.space != nil {
			if err := w.space.Look(processes, busy); err != nil {
				c.log.Debug("the files of a subtenant cannot be measured", slog.String("tenant", tenant), slog.Any("error", err))
			}
		}
		if w.memory.Look(processes) != 0 {
			c.log.Warn("a process that functions had started was killed: all of their subtenant's together held too much memory",
				slog.String("tenant", tenant), slog.Int64("limit", c.memory()))
		}
	}()
}

// watch has what a subtenant takes measured from now on.
func (c *confinement) watch(tenant, folder string) {
	c.watched.mu.Lock()
	defer c.watched.mu.Unlock()
	if _, known := c.watched.of[tenant]; known {
		return
	}
	w := watching{memory: c.confined.WatchMemory(c.memory())}
	if c.cfg.MaxFunctionDisk > 0 {
		w.space = confine.NewSpace(folder, c.cfg.MaxFunctionDisk)
	}
	c.watched.of[tenant] = w
}

// confinementDetails are what /health tells of each measure. The reasons are in the
// log: they describe the machine.
func (p *parts) confinementDetails() map[string]string {
	details := map[string]string{}
	for _, finding := range p.confined.Findings {
		details[string(finding.Measure)] = "missing"
		if finding.Holds {
			details[string(finding.Measure)] = "holds"
		}
	}
	return details
}
