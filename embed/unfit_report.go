package embed

// With Options.Main the host has one interpreter, the process's main one. What takes an
// interpreter from its subtenant otherwise, so that the next call gets another one, is
// reported there: the process is replaced by its owner, and the calls in it go on until then.

// Unfit is why a process of one subtenant should be replaced.
type Unfit string

// The reasons.
const (
	UnfitInterrupted Unfit = "a call was stopped at an arbitrary line: a lock may be taken for ever"
	UnfitFull        Unfit = "its modules hold most of the memory that it may hold"
	UnfitPools       Unfit = "processes of it were killed, which its pools may need"
	UnfitThreads     Unfit = "threads of versions of functions that are out of use go on"
	UnfitSpoilt      Unfit = "a function has deleted a builtin, or set it to what cannot be called"
	UnfitStuck       Unfit = "a call cannot be stopped"
	UnfitPackages    Unfit = "the packages of the subtenant have changed"
	UnfitFolder      Unfit = "it could not be given its packages"
	UnfitLoop        Unfit = "its event loop has failed, or tasks that calls have left behind keep it"
)

// report tells the owner of the process once. h.mu is held.
func (h *Host) report(reason Unfit) {
	if h.reported[reason] {
		return
	}
	h.reported[reason] = true
	go h.opt.OnUnfit(reason) // it may call the host
}

// forsake is abandon for an interpreter in which a call cannot be stopped. h.mu is held.
func (h *Host) forsake(in *interpreter) {
	if h.opt.Main {
		h.report(UnfitStuck)
		return
	}
	h.abandon(in)
}

// reportUnfit is retire for the main interpreter. h.mu is held.
func (h *Host) reportUnfit(in *interpreter) {
	switch {
	case in.full:
		h.report(UnfitFull)
	case in.unfit != "":
		h.report(UnfitFolder)
	case in.poolless:
		h.report(UnfitPools)
	case in.loopLost:
		h.report(UnfitLoop)
	case in.outlived:
		h.report(UnfitThreads)
	case in.spoilt:
		h.report(UnfitSpoilt)
	case in.scarred:
		h.report(UnfitInterrupted)
	}
}

// warmTarget is how many interpreters shall be ready. h.mu is held.
func (h *Host) warmTarget() int {
	if h.opt.Main && h.made > 0 {
		return 0
	}
	return h.opt.WarmPool
}
