package wire

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// arrives sends a frame and returns its fields.
func arrives(t testing.TB, kind Kind, f *Frame) Fields {
	t.Helper()
	got, fields, err := NewReader(bytes.NewReader(written(t, f)), limit).Next()
	require.NoError(t, err)
	require.Equal(t, kind, got)
	return fields
}

var (
	someTime    = time.Unix(1_700_000_000, 123_456_789)
	someProgram = &model.Program{Key: 7, Function: "f", Version: 3, Source: "def f(x): pass\n", Code: []byte{0xe3, 0}, Async: true, Imports: []string{"numpy", "*"}}
	someFailure = &model.Failure{
		Kind: model.FailureInput, Type: "ValueError", Classes: []string{"ValueError", "Exception"}, Message: "nö\xff", Traceback: "Traceback …",
		Problems: []model.Problem{{Pointer: "/a", Line: 1, Column: 2, Message: "wrong"}, {}},
	}
	someLine = model.LogLine{Time: someTime, Stream: "stdout", Level: "info", Text: "hello", Fields: json.RawMessage(`{"a":1}`)}
)

func TestSetupMessage(t *testing.T) {
	t.Parallel()
	want := Setup{
		Tenant: "acme", Home: "/python", Folder: "/files", Temporary: "/files/tmp", Packages: model.SitePackages{Number: 3, Path: "/site"},
		MaxMemory: 1, MaxValue: 2, CodeThreads: -1, Descriptors: 4, Threads: 5, Tasks: 6, WaitLimit: time.Second, KeepLeft: true,
	}
	got, err := ReadSetup(arrives(t, KindSetup, want.Frame()))
	require.NoError(t, err)
	require.Equal(t, want, got)
	ready, err := ReadReady(arrives(t, KindReady, (&Ready{Problem: "no Python"}).Frame()))
	require.NoError(t, err)
	require.Equal(t, "no Python", ready.Problem)
}

func TestCallMessage(t *testing.T) {
	t.Parallel()
	want := Call{
		Number: 1 << 40, Program: Program{Key: 7, Whole: someProgram}, Input: []byte(`{"a":1}`), Request: true,
		Run: model.RunFrame{
			ExecutionID: model.NewID(), Trigger: model.TriggerManual, Attempt: 2, Deadline: someTime, MaxSteps: 100, Span: model.Span{Trace: [16]byte{1}, ID: [8]byte{2}, Flags: 1}, Generation: 5, Changes: 6,
		},
	}
	got, err := ReadCall(arrives(t, KindCall, want.Frame()))
	require.NoError(t, err)
	require.Equal(t, want, got)
	want.Program.Whole = nil
	got, err = ReadCall(arrives(t, KindCall, want.Frame()))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestOutcomeMessage(t *testing.T) {
	t.Parallel()
	for _, want := range []Outcome{
		{Number: 1, Outcome: model.Outcome{Output: json.RawMessage(`[]`), Bytes: true, Omitted: model.Omission{Lines: 1, Bytes: 2}}},
		{Number: 2, Goes: true, Outcome: model.Outcome{Failure: someFailure}},
		{Number: 3, Refused: &Refusal{Code: model.CodeTooManyRequests, Detail: "later", RetryAfter: time.Second}},
		{Number: 4, Outcome: model.Outcome{
			Output:   json.RawMessage(`{"status_code":201,"headers":{"a":"b"},"body":1}`),
			Response: &model.Response{StatusCode: 201, Headers: model.ResponseHeaders{"a": {"b"}}, Body: json.RawMessage("1")},
		}},
	} {
		got, err := ReadOutcome(arrives(t, KindOutcome, want.Frame()))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestStepMessages(t *testing.T) {
	t.Parallel()
	began := model.StepBegan{Step: 2, Parent: 1, Function: "f", Version: 3, Started: someTime, Input: []byte("1")}
	call, gotBegan, err := ReadStepBegan(arrives(t, KindStepBegan, StepBeganFrame(9, &began)))
	require.NoError(t, err)
	require.EqualValues(t, 9, call)
	require.Equal(t, began, gotBegan)
	for _, ended := range []model.StepEnded{
		{Step: 2, Duration: time.Second, Output: []byte("1")},
		{Step: 2, Failure: someFailure, Late: true},
	} {
		_, got, err := ReadStepEnded(arrives(t, KindStepEnded, StepEndedFrame(9, &ended)))
		require.NoError(t, err)
		require.Equal(t, ended, got)
	}
	_, step, line, err := ReadLine(arrives(t, KindLine, LineFrame(9, 4, &someLine)))
	require.NoError(t, err)
	require.EqualValues(t, 4, step)
	require.Equal(t, someLine, line)
	line, err = ReadTenantLine(arrives(t, KindTenantLine, TenantLineFrame(&someLine)))
	require.NoError(t, err)
	require.Equal(t, someLine, line)
}

func TestAskMessages(t *testing.T) {
	t.Parallel()
	ask := Ask{Number: 1, Call: 2, Question: AskSpawn, Name: "f", Input: []byte("null"), Delay: time.Minute}
	got, err := ReadAsk(arrives(t, KindAsk, ask.Frame()))
	require.NoError(t, err)
	require.Equal(t, ask, got)
	for _, want := range []Answer{
		{Number: 1, Raise: &model.Raise{Kind: model.RaiseName, Message: "m", Name: "n", Problems: someFailure.Problems}},
		{Number: 2, Resolved: &Resolved{Program: Program{Key: 7, Whole: someProgram}, Input: []byte("{}"), AsOf: 4, OfRun: true}},
		{Number: 3, Names: &model.ResolvedNames{Names: []string{"a"}, Generation: 1, AsOf: 2}},
		{Number: 4, Request: &model.HTTPRequest{Method: "GET", URL: "/\xff", Headers: json.RawMessage("{}"), Body: []byte{}}},
		{Number: 5, Text: "secret"},
		{Number: 6, ID: model.NewID()},
	} {
		got, err := ReadAnswer(arrives(t, KindAnswer, want.Frame()))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func FuzzMessages(f *testing.F) {
	call := Call{Number: 1, Program: Program{Key: 7, Whole: someProgram}, Input: []byte("1")}
	outcome := Outcome{Number: 2, Outcome: model.Outcome{Failure: someFailure}}
	answer := Answer{Number: 3, Resolved: &Resolved{Program: Program{Key: 7, Whole: someProgram}}}
	for _, frame := range []*Frame{call.Frame(), outcome.Frame(), answer.Frame(), LineFrame(1, 2, &someLine)} {
		f.Add(append([]byte(nil), frame.bytes[head:]...))
	}
	f.Fuzz(func(_ *testing.T, body []byte) {
		_, _ = ReadSetup(FieldsOf(body))
		_, _ = ReadCall(FieldsOf(body))
		_, _ = ReadAnswer(FieldsOf(body))
		_, _ = ReadOutcome(FieldsOf(body))
		_, _, _ = ReadStepBegan(FieldsOf(body))
		_, _, _ = ReadStepEnded(FieldsOf(body))
		_, _, _, _ = ReadLine(FieldsOf(body))
		_, _ = ReadTenantLine(FieldsOf(body))
		_, _ = ReadAsk(FieldsOf(body))
		_, _ = ReadReady(FieldsOf(body))
		_, _ = ReadNumber(FieldsOf(body))
	})
}
