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

	spaces spaces
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
		spaces: spaces{bound: p.cfg.MaxFunctionDisk, of: map[string]*confine.Space{}},
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
	cmd.Dir = home.Folder
	cmd.Env = append(cmd.Env, "HOME="+home.Folder, "TMPDIR="+home.Temporary)
	policy := confine.Policy{
		Readable: slices.Concat([]string{spec.Home, c.program}, c.rails.Readable), Scratch: home.Folder, Temporary: home.Temporary, User: user,
		Network: &confine.Destinations{Deny: c.rails.Networks, Services: c.rails.Services, Port: uint16(c.rails.Port), Own: cpython.NoteConnection},
		Tasks:   c.tasks(), Files: c.files(), File: c.cfg.MaxFunctionDisk, Data: max(leastData, dataFactor*c.cfg.MaxFunctionMemory),
		Shared: c.cfg.MaxFunctionMemory / 2,
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
	// ownFiles are the descriptors of the runtimes in each child.
	ownFiles = 512
)

// tasks bounds the processes and threads of a subtenant's children together.
func (c *confinement) tasks() int {
	children := cmp.Or(c.cfg.MaxChildren, max(2, runtime.GOMAXPROCS(0)))
	return (children + 1) * (ownTasks + 2*c.cfg.MaxFunctionThreads) // one more while one is replaced
}

func (c *confinement) files() int { return 2*c.cfg.MaxFunctionDescriptors + ownFiles }

// spaces are the folders of subtenants with children.
type spaces struct {
	bound int64

	mu sync.Mutex // guards of
	of map[string]*confine.Space
}

// look has the folder of a subtenant measured if it is time, without waiting for it.
func (c *confinement) look(tenant string, processes []int, busy bool) {
	if c.spaces.bound <= 0 {
		return
	}
	go func() {
		home, err := c.homes.Of(tenant)
		if err == nil {
			err = c.spaces.find(tenant, home.Folder).Look(processes, busy)
		}
		if err != nil {
			c.log.Debug("the files of a subtenant cannot be measured", slog.String("tenant", tenant), slog.Any("error", err))
		}
	}()
}

func (s *spaces) find(tenant, folder string) *confine.Space {
	s.mu.Lock()
	defer s.mu.Unlock()
	space := s.of[tenant]
	if space == nil {
		space = confine.NewSpace(folder, s.bound)
		s.of[tenant] = space
	}
	return space
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
