package model

// The error types (error_type) of failures that are not the class of an
// exception that a function raised. Clients and retry policies name them.
const (
	ErrorInputInvalid     = "InputInvalid"  // the input does not fit the function's schema
	ErrorOutputInvalid    = "OutputInvalid" // the output does not fit the function's schema
	ErrorTimeout          = "TimeoutError"  // Python's own name for it
	ErrorCancelled        = "Cancelled"
	ErrorAbandoned        = "Abandoned"        // of a step: its execution ended first
	ErrorCrashed          = "Crashed"          // the server is gone that ran it
	ErrorProcessCrashed   = "ProcessCrashed"   // its own code has ended the process that ran it
	ErrorProcessKilled    = "ProcessKilled"    // the process that ran it was killed
	ErrorOutOfMemory      = "OutOfMemory"      // the process that ran it held too much memory
	ErrorServerStopped    = "ServerStopped"    // the server that ran it was stopped
	ErrorEngine           = "EngineError"      // a fault of the server
	ErrorFunctionNotFound = "FunctionNotFound" // deleted after the run was accepted
	ErrorFunctionInactive = "FunctionInactive" // switched off after the run was accepted
	ErrorQuarantined      = "Quarantined"      // it had ended servers, so it was not run
	ErrorFunctionUnusable = "FunctionUnusable" // stored for another version of the server
)
