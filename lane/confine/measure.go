package confine

import (
	"fmt"
	"slices"
	"strings"
)

// Measure is a means of confinement, by the name that the setting
// PROCESS_LANE_REQUIRE and /health use.
type Measure string

// The measures.
const (
	UID        Measure = "uid"        // a user of its own for each subtenant
	Users      Measure = "users"      // a namespace of users: no right of the server's is inherited
	Mounts     Measure = "mounts"     // a view of the files of its own
	Processes  Measure = "processes"  // it sees and signals its own processes only
	Network    Measure = "network"    // the server makes its connections, and refuses some
	Landlock   Measure = "landlock"   // the kernel decides about files, signals and abstract sockets
	Syscalls   Measure = "syscalls"   // system calls that no function needs are refused (seccomp)
	Privileges Measure = "privileges" // no capability, and none can be gained (no_new_privs)
	Limits     Measure = "limits"     // processes, open files, sizes of files (rlimits)
	Cgroup     Measure = "cgroup"     // memory and processes, all of a group's together
)

// Measures returns all of them, in the order of reports.
func Measures() []Measure {
	return []Measure{UID, Users, Mounts, Processes, Network, Landlock, Syscalls, Privileges, Limits, Cgroup}
}

// ParseMeasures reads a list of names, separated by commas.
func ParseMeasures(text string) ([]Measure, error) {
	var measures []Measure
	for name := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ',' || c == ' ' }) {
		measure := Measure(strings.ToLower(name))
		if !slices.Contains(Measures(), measure) {
			return nil, fmt.Errorf("%q is no measure of confinement, use some of %s", name, join(Measures()))
		}
		if !slices.Contains(measures, measure) {
			measures = append(measures, measure)
		}
	}
	return measures, nil
}

func join(measures []Measure) string {
	names := make([]string, len(measures))
	for i, measure := range measures {
		names[i] = string(measure)
	}
	return strings.Join(names, ", ")
}

// Finding says whether a measure holds on this machine.
type Finding struct {
	Measure Measure
	Holds   bool
	Detail  string // how far it holds, such as the version of Landlock; or why it does not hold
}

// Report is what Probe has found.
type Report struct {
	Findings []Finding // one for each measure

	unusable error   // nil: programs can be started
	spaces   spaces  // the namespaces that can be made
	landlock int     // the version of its interface; 0: none
	groups   *groups // nil: there are none
}

// Holds reports whether a measure holds.
func (r *Report) Holds(measure Measure) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Measure == measure && f.Holds })
}

// Usable returns why no program can be started on this machine, or nil.
func (r *Report) Usable() error { return r.unusable }

// Require returns an error that names those of the measures that do not hold,
// each with its reason.
func (r *Report) Require(measures []Measure) error {
	var missing []string
	for _, finding := range r.Findings {
		if !finding.Holds && slices.Contains(measures, finding.Measure) {
			missing = append(missing, fmt.Sprintf("%s (%s)", finding.Measure, finding.Detail))
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("confinement of the process lane that PROCESS_LANE_REQUIRE names does not hold on this machine: %s; "+
		"supply it, or take it off the list", strings.Join(missing, ", "))
}

func (r *Report) add(measure Measure, reason error, detail string) {
	finding := Finding{Measure: measure, Holds: reason == nil, Detail: detail}
	if reason != nil {
		finding.Detail = reason.Error()
	}
	r.Findings = append(r.Findings, finding)
}
