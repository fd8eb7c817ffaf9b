package confine

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// groups are the kernel's control groups of confined programs: one for each
// Policy.Group, in a folder of this server's below the group of its own process.
type groups struct {
	unified bool     // version 2, where one folder has all controllers
	folders []string // of the controllers memory and pids, or the one of both

	mu sync.Mutex // held while groups are made or removed
}

// controllers that a group needs.
var controllers = []string{"memory", "pids"}

// findGroups makes the folders of a server, which are named for its data.
func findGroups(data string) (*groups, error) {
	own, err := ownGroups()
	if err != nil {
		return nil, fmt.Errorf("find the control group of this process: %w", err)
	}
	sum := sha256.Sum256([]byte(data))
	name := "maestro-" + hex.EncodeToString(sum[:6])
	found, second := own.makeUnified(name)
	var first error
	if second != nil {
		found, first = own.makeSeparate(name)
	}
	if first == nil {
		found.sweep()
		return found, nil
	}
	if own.unified == "" {
		return nil, first
	}
	return nil, second
}

// mounted are the folders of this process's own groups.
type mounted struct {
	unified  string
	separate map[string]string // by controller
}

func ownGroups() (mounted, error) {
	found := mounted{separate: map[string]string{}}
	paths, err := groupPaths()
	if err != nil {
		return found, err
	}
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return found, err
	}
	defer func() { _ = file.Close() }()
	const root, point, kind, options = 3, 4, 0, 2 // columns, the last two after the dash
	for lines := bufio.NewScanner(file); lines.Scan(); {
		left, right, _ := strings.Cut(lines.Text(), " - ")
		before, after := strings.Fields(left), strings.Fields(right)
		if len(before) <= point || len(after) <= options {
			continue
		}
		folder := func(path string) string {
			below, err := filepath.Rel(before[root], path)
			if err != nil || !filepath.IsLocal(below) {
				return ""
			}
			return filepath.Join(before[point], below)
		}
		switch after[kind] {
		case "cgroup2":
			found.unified = folder(paths[""])
		case "cgroup":
			for _, controller := range controllers {
				if slices.Contains(strings.Split(after[options], ","), controller) {
					found.separate[controller] = folder(paths[controller])
				}
			}
		}
	}
	return found, nil
}

// groupPaths returns the groups of this process, by controller.
func groupPaths() (map[string]string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for _, controller := range strings.Split(parts[1], ",") {
			paths[controller] = parts[2]
		}
	}
	return paths, nil
}

// makeUnified makes a folder beside the server's own group, or in it. A group with
// processes can have none that bounds others: systemd's DelegateSubgroup puts those of a service aside.
func (m mounted) makeUnified(name string) (*groups, error) {
	if m.unified == "" {
		return nil, errors.New("there are no control groups of version 2")
	}
	var failed error
	for _, parent := range []string{filepath.Dir(m.unified), m.unified} {
		g := &groups{unified: true, folders: []string{filepath.Join(parent, name)}}
		if failed = g.make(); failed == nil {
			return g, nil
		}
	}
	return nil, fmt.Errorf("no control group is delegated to the server (systemd: Delegate=memory pids, DelegateSubgroup=server): %w", failed)
}

// makeSeparate makes folders in version 1.
func (m mounted) makeSeparate(name string) (*groups, error) {
	g := &groups{}
	for _, controller := range controllers {
		if m.separate[controller] == "" {
			return nil, fmt.Errorf("there are no control groups for %s", controller)
		}
		g.folders = append(g.folders, filepath.Join(m.separate[controller], name))
	}
	return g, g.make()
}

// make makes the folders of the groups.
func (g *groups) make() error {
	for _, folder := range g.folders {
		if g.unified {
			if err := delegate(filepath.Dir(folder)); err != nil {
				return err
			}
		}
		if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make a control group: %w", err)
		}
		if g.unified {
			if err := delegate(folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// delegate has the groups in a folder bounded by the controllers.
func delegate(folder string) error {
	file := filepath.Join(folder, "cgroup.subtree_control")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	has := strings.Fields(string(text))
	for _, controller := range controllers {
		if slices.Contains(has, controller) {
			continue
		}
		if err := os.WriteFile(file, []byte("+"+controller), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// place puts a process into a group, which is made if need be, and bounds the group.
func (g *groups) place(name string, process int, memory int64, tasks int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.make(); err != nil {
		return err
	}
	for i, folder := range g.folders {
		folder = filepath.Join(folder, name)
		if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make a control group: %w", err)
		}
		bounds := map[string]int64{}
		if g.unified || controllers[i] == "memory" {
			bounds[map[bool]string{true: "memory.max", false: "memory.limit_in_bytes"}[g.unified]] = memory
		}
		if g.unified || controllers[i] == "pids" {
			bounds["pids.max"] = int64(tasks)
		}
		for file, bound := range bounds {
			if bound <= 0 {
				continue
			}
			if err := os.WriteFile(filepath.Join(folder, file), strconv.AppendInt(nil, bound, 10), 0o644); err != nil {
				return fmt.Errorf("bound a control group: %w", err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), strconv.AppendInt(nil, int64(process), 10), 0o644); err != nil {
			return fmt.Errorf("put a process into a control group: %w", err)
		}
	}
	return nil
}

// remove removes a group if no process is left in it, and the folders if no group is.
func (g *groups) remove(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, folder := range g.folders {
		_ = os.Remove(filepath.Join(folder, name))
		_ = os.Remove(folder)
	}
}

// sweep removes the groups without processes that a server has left.
func (g *groups) sweep() {
	for _, folder := range g.folders {
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			if entry.IsDir() {
				_ = os.Remove(filepath.Join(folder, entry.Name()))
			}
		}
	}
}
