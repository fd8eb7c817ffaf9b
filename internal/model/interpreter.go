package model

// InterpreterStatus says how a subtenant's interpreter on one server is, and which of
// its threads could not be stopped.
type InterpreterStatus struct {
	State    string        // of the interpreter; "none" when there is none at present
	Calls    int           // in it
	Stuck    []StuckThread // calls that could not be stopped
	Parked   int           // threads of those that wait for ever and compute no more
	Leaked   int           // interpreters that could not be ended
	StuckCap int           // of both together, from which on the subtenant's calls are refused
	Refused  bool          // they are
	Memory   int64         // bytes that the interpreter holds, without those of the processes
	// Processes are the subtenant's child processes, in the process lane.
	Processes []ProcessStatus
}

// ProcessStatus says how a child process of a subtenant is.
type ProcessStatus struct {
	Pid    int
	State  string
	Calls  int   // in it
	Late   int   // of those, the ones that go on after their deadline
	Memory int64 // bytes that it held last
}

// StuckThread is a thread in a call that could not be stopped.
type StuckThread struct {
	Function string  // the outer function of the call
	Seconds  float64 // since it was given up
}
