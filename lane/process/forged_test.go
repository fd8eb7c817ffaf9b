package process

import (
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/calltree/treetest"
	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/lane/wire"
)

// hostile writes its input into the sockets of its process, after a call of a sibling,
// and waits for its end.
const hostile = `import base64
import ctypes
import threading

import maestro


def hostile(text):
    node({"id": 1})
    maestro.request()  # the step has been reported by then
    libc, text = ctypes.CDLL(None), base64.b64decode(text)
    for fd in range(3, 100):
        libc.send(fd, text, len(text), 0x4040)  # MSG_DONTWAIT | MSG_NOSIGNAL; refused unless it is a socket
    threading.Event().wait()
`

// TestForgedFrames: code that writes into the connection of its process, as an
// extension module can, ends that process, and does no other harm.
func TestForgedFrames(t *testing.T) {
	t.Parallel()
	lane := newWhole(t)
	e := treetest.NewEngine(t, testkit.DB(t), lane, testkit.Logger(t))
	_, err := e.DB.CreateFunction(t.Context(), treetest.Tenant, model.Function{Name: "hostile", Code: hostile}, nil, nil)
	require.NoError(t, err)
	e.FunctionsChanged(treetest.Tenant)
	bytesOf := func(f *wire.Frame) []byte {
		var sent collected
		require.NoError(t, wire.NewWriter(&sent).Send(f))
		return sent
	}
	began := func(change func(*model.StepBegan)) func(uint64) []byte {
		return func(call uint64) []byte {
			report := model.StepBegan{Step: 2, Function: "node", Version: 1, Started: time.Now(), Input: []byte(`1`)}
			change(&report)
			return bytesOf(wire.StepBeganFrame(call, &report))
		}
	}
	always := func(text string) func(uint64) []byte { return func(uint64) []byte { return []byte(text) } }
	for name, forged := range map[string]func(call uint64) []byte{
		"no frame":                    always("GET / HTTP/1.1\r\n\r\n"),
		"a frame of length 0":         always("\x00\x00\x00\x00\x01"),
		"a frame of 4 GB":             always("\xff\xff\xff\xff\x01"),
		"a frame of no kind":          always("\x01\x00\x00\x00\xff"),
		"a frame of the server's":     func(call uint64) []byte { return bytesOf(wire.NumberFrame(wire.KindCancel, call)) },
		"a parent that has not begun": began(func(s *model.StepBegan) { s.Parent = 9 }),
		"a step twice":                began(func(s *model.StepBegan) { s.Step = 1 }),
		"an unknown function":         began(func(s *model.StepBegan) { s.Function = "nowhere" }),
		"an input that is not JSON":   began(func(s *model.StepBegan) { s.Input = []byte("{") }),
		"an end without a beginning": func(call uint64) []byte {
			return bytesOf(wire.StepEndedFrame(call, &model.StepEnded{Step: 5, Output: []byte(`1`)}))
		},
		"an output that is not JSON": func(call uint64) []byte {
			return bytesOf((&wire.Outcome{Number: call, Outcome: model.Outcome{Output: []byte("{")}}).Frame())
		},
		"an end by the server": func(call uint64) []byte {
			return bytesOf((&wire.Outcome{Number: call, Outcome: model.Outcome{Failure: &model.Failure{Kind: model.FailureStopped}}}).Frame())
		},
		"a refusal of another room": func(call uint64) []byte {
			return bytesOf((&wire.Outcome{Number: call, Refused: &wire.Refusal{Code: model.CodeUnauthorized}}).Frame())
		},
	} {
		text := base64.StdEncoding.EncodeToString(forged(lane.numbers.Load() + 1))
		input, err := json.Marshal(text)
		require.NoError(t, err)
		_, err = e.Run(t.Context(), engine.RunRequest{Tenant: treetest.Tenant, Function: "hostile", Input: input, Trigger: model.TriggerManual})
		var failed *model.Error
		require.ErrorAs(t, err, &failed, name)
		require.Equal(t, model.ErrorProcessKilled, failed.Failure.Type, "%s: %v", name, err)
		execution, steps := e.Record(t, failed.ExecutionID)
		require.Equal(t, model.StatusFailed, execution.Status)
		require.Len(t, steps, 1, name)
		require.Equal(t, model.StatusCompleted, steps[0].Status)
		_, err = e.Run(t.Context(), engine.RunRequest{Tenant: treetest.Tenant, Function: "node", Input: []byte(`{"id":1}`), Trigger: model.TriggerManual})
		require.NoError(t, err)
	}
}

// collected keeps all that is written.
type collected []byte

func (c *collected) Write(text []byte) (int, error) {
	*c = append(*c, text...)
	return len(text), nil
}
