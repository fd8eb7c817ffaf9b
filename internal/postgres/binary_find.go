package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
)

// lowestMajor is the oldest PostgreSQL that works.
const lowestMajor = 14

// binaries are a PostgreSQL's programs.
type binaries struct {
	dir   string // with initdb and postgres in it
	major int
}

// findBinaries lists the PostgreSQL servers of this machine that are new
// enough, best first: the one on the PATH counts like any other.
func findBinaries(ctx context.Context, extra ...string) []binaries {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		// A link in PATH may stand alone; initdb is beside what it points to.
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	for _, pattern := range append(extra, "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin") {
		matches, _ := filepath.Glob(pattern)
		dirs = append(dirs, matches...)
	}
	var found []binaries
	seen := map[string]bool{}
	for _, dir := range dirs {
		if b, err := inspect(ctx, dir); err == nil && !seen[dir] {
			seen[dir] = true
			found = append(found, b)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].major > found[j].major })
	return found
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// inspect says which PostgreSQL is in a folder, or why none can be used there.
func inspect(ctx context.Context, dir string) (binaries, error) {
	for _, name := range []string{"postgres", "initdb"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return binaries{}, fmt.Errorf("no %s in %s", name, dir)
		} else if info.Mode()&0o111 == 0 {
			return binaries{}, fmt.Errorf("%s in %s can't be run", name, dir)
		}
	}
	output, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("run %s/postgres --version: %w", dir, err)
	}
	match := versionLine.FindSubmatch(output)
	if match == nil {
		return binaries{}, fmt.Errorf("%s/postgres --version says %q", dir, firstLine(output))
	}
	major, _ := strconv.Atoi(string(match[1]))
	if major < lowestMajor {
		return binaries{}, fmt.Errorf("%s holds PostgreSQL %d; %d or later is needed", dir, major, lowestMajor)
	}
	return binaries{dir: dir, major: major}, nil
}

// clustersIn lists the major versions that have a cluster in home, newest
// first.
func clustersIn(home string) []int {
	var majors []int
	files, _ := filepath.Glob(filepath.Join(home, "*", "PG_VERSION"))
	for _, file := range files {
		if major, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			majors = append(majors, major)
		}
	}
	sort.Sort(sort.Reverse(sort.IntSlice(majors)))
	return majors
}

// choose picks the binaries for the cluster that is there, or the newest. A
// cluster works with its own major version alone: a newer one would begin an
// empty database while the old one's data lie beside it unseen.
func choose(home string, found []binaries) (binaries, error) {
	clusters := clustersIn(home)
	for _, major := range clusters {
		for _, b := range found {
			if b.major == major {
				return b, nil
			}
		}
	}
	if len(clusters) > 0 {
		return binaries{}, fmt.Errorf("the database in %s is PostgreSQL %d's, which is not on this machine: install postgresql-%d, set MAESTRO_PG_BIN to its folder, or set DATABASE_URL",
			home, clusters[0], clusters[0])
	}
	if len(found) == 0 {
		return binaries{}, errNoBinaries
	}
	return found[0], nil
}
