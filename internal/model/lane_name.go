package model

import "slices"

// LaneName names a lane.
type LaneName string

// The lanes. LaneAuto is a setting only: it leaves the choice to the packages of
// the subtenant, and no call runs there.
const (
	LaneAuto     LaneName = "auto"
	LaneEmbedded LaneName = "embedded" // interpreters of their own in the server's process
	LaneProcess  LaneName = "process"  // child processes
)

// LaneSettings are the values of a subtenant's setting.
var LaneSettings = []LaneName{LaneAuto, LaneEmbedded, LaneProcess}

// Known reports whether l is a value of the setting.
func (l LaneName) Known() bool { return slices.Contains(LaneSettings, l) }
