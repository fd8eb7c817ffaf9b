package wire

// Kind is the kind of a frame.
type Kind byte

// The kinds that the server sends.
const (
	KindSetup   Kind = iota + 1 // Setup: the first frame
	KindCall                    // Call
	KindCancel                  // the number of a call that is to end
	KindChanged                 // the number of changes: earlier answers to Ask hold no longer
	KindAnswer                  // Answer: to an Ask
	KindHangUp                  // the number of a call whose pieces are not taken any more
	KindClose                   // no more calls come; the child ends when its calls have
)

// The kinds that a child sends.
const (
	KindReady      Kind = iota + 64 // Ready: the answer to Setup
	KindAsk                         // Ask
	KindStepBegan                   // StepBegan
	KindStepEnded                   // StepEnded
	KindLine                        // Line: of a call
	KindTenantLine                  // a line that was written outside any call
	KindOutcome                     // Outcome
	KindLeft                        // the number of a call whose code goes on after its Outcome, and has now ended
	KindPiece                       // of what the generator of a call yields
	KindUnfit                       // why the child should be replaced
)

// FrameLimit bounds the length of a frame. The largest values are those of requests
// and of calls, which have bounds of their own below it.
const FrameLimit = 256 << 20
