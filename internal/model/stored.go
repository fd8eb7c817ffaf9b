package model

import (
	"encoding/json"
	"time"
)

// Subtenant is the unit of isolation. Functions, webhooks, schedules,
// packages, secrets, executions and the Python interpreter belong to one.
type Subtenant struct {
	ID            string // ^[a-z0-9][a-z0-9-]{0,62}$
	Description   *string
	RetentionDays *int // that its executions are kept; nil: as the server's setting says, 0: for ever
	Lane          LaneName
	PausedAt      *time.Time      // since when no run of its functions begins; nil: they run
	Notify        json.RawMessage // where messages about its functions go, an alerts.Setting; nil: nowhere
	CreatedAt     time.Time
}

// FunctionKind says what a stored text is.
type FunctionKind string

// The kinds (the contract, Functions).
const (
	KindFunction FunctionKind = "function" // it can be run, and called by name
	KindModule   FunctionKind = "module"   // it can be imported by name
)

// Function is a function or a module with its current version.
type Function struct {
	Kind           FunctionKind // "" stands for KindFunction where one is stored
	ID             ID
	Tenant         string
	Name           string
	Description    *string
	Code           string
	InputSchema    json.RawMessage // nil: anything is accepted
	OutputSchema   json.RawMessage // nil: anything is accepted
	InputDerived   bool            // InputSchema is what the type hints of Code say
	OutputDerived  bool            // OutputSchema is what the type hints of Code say
	Requirements   []string        // what Code imports, in the words of PEP 508
	Lock           Lock            // what Requirements were resolved to when the version became current
	Tags           []string
	TimeoutSeconds *float64 // nil: the server's FUNCTION_TIMEOUT
	Retry          *RetryPolicy
	MaxConcurrency *int            // nil: as many as there are
	Notify         json.RawMessage // where messages about it go, an alerts.Setting; nil: as the subtenant's says
	IsActive       bool            // false: it was deleted
	Off            bool            // its calls are refused
	PausedAt       *time.Time      // since when its runs are held; nil: they are not
	Quarantine     *Quarantine     // its calls are refused too; nil: it is not quarantined
	Version        int
	VersionID      ID // of the current FunctionVersion
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Quarantine says why the current version of a function is not run: its code has
// ended servers.
type Quarantine struct {
	Since  time.Time
	Reason string // a sentence for people
}

// FunctionVersion is one entry of a function's history; it never changes.
type FunctionVersion struct {
	ID                          ID
	FunctionID                  ID
	Version                     int
	Code                        string
	InputSchema                 json.RawMessage
	OutputSchema                json.RawMessage
	InputDerived, OutputDerived bool // as in Function
	Requirements                []string
	Lock                        Lock // as in Function
	CreatedAt                   time.Time
	CreatedBy                   *string
}

// InputMode says what a webhook's function receives.
type InputMode string

// The input modes (the contract, Webhooks).
const (
	InputAuto    InputMode = "auto"
	InputRequest InputMode = "request"
	InputBody    InputMode = "body"
)

// ResponseMode says what a webhook answers with.
type ResponseMode string

// The response modes (the contract, Webhooks).
const (
	ResponseEnvelope ResponseMode = "envelope"
	ResponseRaw      ResponseMode = "raw"
)

// Webhook binds a method and a path to a function.
type Webhook struct {
	ID            ID
	Tenant        string
	Path          string // without a leading slash
	Method        string // GET HEAD POST PUT DELETE PATCH OPTIONS or ANY
	FunctionName  string
	Description   *string
	DefaultValues json.RawMessage // a JSON object, or nil
	RequiresAuth  bool
	InputMode     InputMode
	ResponseMode  ResponseMode
	Signature     json.RawMessage // how callers sign, a signature.Config; nil: they need not
	IsActive      bool
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// FunctionRef is what a catalogue needs to know of an active function.
type FunctionRef struct {
	ID        ID
	Name      string
	Kind      FunctionKind
	Version   int
	VersionID ID
	UpdatedAt time.Time // also of what belongs to no version, such as its time limit
	// Quarantined is whether its calls are refused; UpdatedAt does not tell.
	Quarantined bool
}
