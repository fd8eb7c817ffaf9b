package wire

import (
	"time"

	"maestro/internal/model"
)

// Setup tells a child whose it is, and its bounds.
type Setup struct {
	Tenant      string
	Home        string // of Python
	Folder      string // of the subtenant's files; empty: the current one
	Temporary   string
	Packages    model.SitePackages
	MaxMemory   int64 // as embed.Options has them
	MaxValue    int64
	CodeThreads int64
	Descriptors int64
	Threads     int64 // calls that have a thread at the same time
	Tasks       int64
	WaitLimit   time.Duration
	KeepLeft    bool
}

// Frame encodes s.
func (s *Setup) Frame() *Frame {
	f := New(KindSetup)
	f.Text(s.Tenant)
	f.Text(s.Home)
	f.Text(s.Folder)
	f.Text(s.Temporary)
	f.Int(int64(s.Packages.Number))
	f.Text(s.Packages.Path)
	for _, n := range []int64{s.MaxMemory, s.MaxValue, s.CodeThreads, s.Descriptors, s.Threads, s.Tasks, int64(s.WaitLimit)} {
		f.Int(n)
	}
	f.Bool(s.KeepLeft)
	return f
}

// ReadSetup decodes a frame of KindSetup.
func ReadSetup(f Fields) (s Setup, err error) {
	s.Tenant, s.Home, s.Folder, s.Temporary = f.Text(), f.Text(), f.Text(), f.Text()
	s.Packages = model.SitePackages{Number: int(f.Int()), Path: f.Text()}
	for _, n := range []*int64{&s.MaxMemory, &s.MaxValue, &s.CodeThreads, &s.Descriptors, &s.Threads, &s.Tasks} {
		*n = f.Int()
	}
	s.WaitLimit = time.Duration(f.Int())
	s.KeepLeft = f.Bool()
	return s, f.Err()
}

// Ready says that a child takes calls, or why it can't.
type Ready struct{ Problem string }

// Frame encodes r.
func (r *Ready) Frame() *Frame {
	f := New(KindReady)
	f.Text(r.Problem)
	return f
}

// ReadReady decodes a frame of KindReady.
func ReadReady(f Fields) (r Ready, err error) {
	r.Problem = f.Text()
	return r, f.Err()
}

// TextFrame is a frame of one text.
func TextFrame(kind Kind, text string) *Frame {
	f := New(kind)
	f.Text(text)
	return f
}

// ReadText decodes a frame of one text.
func ReadText(f Fields) (string, error) {
	text := f.Text()
	return text, f.Err()
}

// NumberFrame is a frame of one number.
func NumberFrame(kind Kind, n uint64) *Frame {
	f := New(kind)
	f.Uint(n)
	return f
}

// ReadNumber decodes a frame of one number.
func ReadNumber(f Fields) (uint64, error) {
	n := f.Uint()
	return n, f.Err()
}
