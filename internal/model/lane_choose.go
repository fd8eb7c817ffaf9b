package model

// LaneChoice is the lane in which the next call of a subtenant runs, and why.
type LaneChoice struct {
	Lane   LaneName // LaneEmbedded or LaneProcess
	Reason string   // for people, a clause without a stop
}

// ChooseLane is the single place that decides in which lane a subtenant's calls
// run: by its own setting, else by the server's (DEFAULT_LANE), else by its
// packages.
func ChooseLane(own, servers LaneName, packages Lock) LaneChoice {
	needs := packages.ProcessReason()
	switch {
	case own == LaneProcess:
		return LaneChoice{LaneProcess, "an administrator chose this lane"}
	case own == LaneEmbedded && needs != "":
		return LaneChoice{LaneEmbedded, "an administrator chose this lane, in which not all packages work: " + needs}
	case own == LaneEmbedded:
		return LaneChoice{LaneEmbedded, "an administrator chose this lane"}
	case servers == LaneProcess:
		return LaneChoice{LaneProcess, "this server's DEFAULT_LANE is process"}
	case servers == LaneEmbedded && needs != "":
		return LaneChoice{LaneEmbedded, "this server's DEFAULT_LANE is embedded, a lane in which not all packages work: " + needs}
	case servers == LaneEmbedded:
		return LaneChoice{LaneEmbedded, "this server's DEFAULT_LANE is embedded"}
	case needs != "":
		return LaneChoice{LaneProcess, needs}
	default:
		return LaneChoice{LaneEmbedded, "no installed package needs the process lane"}
	}
}

// PackagesDecide reports whether the packages of a subtenant may move it to the
// process lane, or run in it already.
func PackagesDecide(own, servers LaneName) bool {
	return own == LaneProcess || own != LaneEmbedded && servers != LaneEmbedded
}

// ProcessReason says which package of the lock needs the process lane, and why;
// empty: none does.
func (l Lock) ProcessReason() string {
	for _, p := range l {
		if p.NeedsProcess != "" {
			return "the package " + p.Name + " needs the process lane: " + p.NeedsProcess
		}
	}
	return ""
}
