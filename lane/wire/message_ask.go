package wire

import (
	"time"

	"maestro/internal/model"
)

// Question is what a child asks of the server.
type Question byte

// The questions, and the members of Ask that each has beside its number and call.
const (
	AskResolve  Question = iota + 1 // Name
	AskModule                       // Name
	AskNames                        //
	AskSecret                       // Name
	AskRequest                      //
	AskSpawn                        // Name, Input, Delay
	AskHandOver                     //
	AskRoom                         // whether there is room for more pieces
	AskRoomWait                     // the same, once there is
)

// Ask is a question of a call. Its Answer has the same number.
type Ask struct {
	Number   uint64
	Call     uint64
	Question Question
	Name     string
	Input    []byte
	Delay    time.Duration
}

// Frame encodes a.
func (a *Ask) Frame() *Frame {
	f := New(KindAsk)
	f.Uint(a.Number)
	f.Uint(a.Call)
	f.Uint(uint64(a.Question))
	f.Text(a.Name)
	f.Bytes(a.Input)
	f.Int(int64(a.Delay))
	return f
}

// ReadAsk decodes a frame of KindAsk.
func ReadAsk(f Fields) (a Ask, err error) {
	a.Number, a.Call = f.Uint(), f.Uint()
	question := f.Uint()
	a.Name, a.Input, a.Delay = f.Text(), f.Bytes(), time.Duration(f.Int())
	if question < uint64(AskResolve) || question > uint64(AskRoomWait) {
		return a, ErrMalformed
	}
	a.Question = Question(question)
	return a, f.Err()
}

// Answer is the answer to an Ask: the member that its question has, or a Raise.
type Answer struct {
	Number   uint64
	Raise    *model.Raise
	Resolved *Resolved            // AskResolve, AskModule
	Names    *model.ResolvedNames // AskNames
	Request  *model.HTTPRequest   // AskRequest
	Text     string               // AskSecret
	ID       model.ID             // AskSpawn
	State    model.EmitState      // AskRoom, AskRoomWait
}

// Resolved is model.Resolved with a program that the child may have.
type Resolved struct {
	Program       Program // Key 0: none
	Input, Output []byte
	AsOf          uint64
	OfRun         bool
}

// Frame encodes a.
func (a *Answer) Frame() *Frame {
	f := New(KindAnswer)
	f.Uint(a.Number)
	f.raise(a.Raise)
	f.Bool(a.Resolved != nil)
	if r := a.Resolved; r != nil {
		f.program(r.Program)
		f.Bytes(r.Input)
		f.Bytes(r.Output)
		f.Uint(r.AsOf)
		f.Bool(r.OfRun)
	}
	f.Bool(a.Names != nil)
	if n := a.Names; n != nil {
		f.Texts(n.Names)
		f.Uint(n.Generation)
		f.Uint(n.AsOf)
	}
	f.Bool(a.Request != nil)
	if r := a.Request; r != nil {
		f.Text(r.Method)
		f.Text(r.URL)
		f.Bytes(r.Headers)
		f.Bytes(r.Body)
	}
	f.Text(a.Text)
	f.id(a.ID)
	f.Uint(uint64(a.State))
	return f
}

// ReadAnswer decodes a frame of KindAnswer.
func ReadAnswer(f Fields) (a Answer, err error) {
	a.Number = f.Uint()
	a.Raise = f.raise()
	if f.Bool() {
		a.Resolved = &Resolved{Program: f.program(), Input: f.Bytes(), Output: f.Bytes(), AsOf: f.Uint(), OfRun: f.Bool()}
	}
	if f.Bool() {
		a.Names = &model.ResolvedNames{Names: f.Texts(), Generation: f.Uint(), AsOf: f.Uint()}
	}
	if f.Bool() {
		a.Request = &model.HTTPRequest{Method: f.Text(), URL: f.Text(), Headers: f.Bytes(), Body: f.Bytes()}
	}
	a.Text = f.Text()
	a.ID = f.id()
	a.State = model.EmitState(f.Uint())
	return a, f.Err()
}

func (f *Frame) raise(r *model.Raise) {
	f.Bool(r != nil)
	if r == nil {
		return
	}
	f.Uint(uint64(r.Kind))
	f.Text(r.Message)
	f.Text(r.Name)
	f.problems(r.Problems)
}

func (f *Fields) raise() *model.Raise {
	if !f.Bool() {
		return nil
	}
	return &model.Raise{Kind: model.RaiseKind(f.Uint()), Message: f.Text(), Name: f.Text(), Problems: f.problems()}
}
