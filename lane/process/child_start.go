package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"maestro/internal/model"
	"maestro/lane/wire"
)

// frameSlack is what a frame of a child may have beyond the largest value.
const frameSlack = 16 << 20

// grow starts children for the calls that wait. mu is held.
func (t *tenant) grow() {
	for !t.gone && t.starting < len(t.queue)+len(t.patient) && t.mayGrow() {
		if t.starting > 0 && len(t.children)+t.starting > 1 && time.Since(t.began) < t.lane.opt.ShareAfter {
			return // one after the other: short calls end before more children are there
		}
		t.startChild()
	}
}

// startChild begins to start a child. mu is held.
func (t *tenant) startChild() {
	t.starting++
	t.began = time.Now()
	if t.nursery != nil && t.imported < len(t.imports) {
		if spec := t.spec(); !slices.Equal(spec.Imports, t.made.Imports) {
			t.nursery.Close() // its children go on, without modules that others have imported beforehand
			t.nursery = nil
		}
	}
	if t.nursery == nil {
		t.made = t.spec()
		t.nursery = t.lane.opt.Start.Nursery(t.made)
	}
	t.imported = len(t.imports)
	nursery, site := t.nursery, t.packages
	t.lane.alive.Go(func() { t.start(nursery, site) })
	time.AfterFunc(t.lane.opt.ShareAfter, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.serve()
	})
}

// spec describes the children of t. mu is held.
func (t *tenant) spec() Spec {
	spec := Spec{Tenant: t.name, Home: t.lane.opt.Home, Packages: t.packages}
	for _, module := range modulesIn(t.packages.Path) {
		if _, imported := t.imports[module]; imported {
			spec.Imports = append(spec.Imports, module)
		}
	}
	for module := range t.imports {
		spec.Imports = append(spec.Imports, standard[module]...)
	}
	slices.Sort(spec.Imports)
	return spec
}

// start starts a child and attends to it until it is gone.
func (t *tenant) start(nursery Nursery, site model.SitePackages) {
	ch, err := t.makeChild(nursery, site)
	t.mu.Lock()
	t.starting--
	if err != nil {
		t.startFailed(err)
		t.mu.Unlock()
		return
	}
	ch.enter(childServing)
	t.children = append(t.children, ch)
	t.lane.counts.live.Add(1)
	if t.gone || t.packages.Number != site.Number || t.renewed.After(ch.used) {
		ch.retire() // it was begun before the last change
	}
	t.serve()
	t.mu.Unlock()
	ch.attend()
}

// startFailed refuses the calls that waited for a child, if there is no other one.
// mu is held.
func (t *tenant) startFailed(err error) {
	t.lane.counts.failed.Add(1)
	if !t.gone {
		t.lane.opt.Log.Error("a process for the functions of a subtenant could not be started", slog.String("tenant", t.name), slog.Any("error", err))
	}
	if t.nursery != nil { // the cause of the failure may be in it: the next one is made afresh
		t.nursery.Close()
		t.nursery = nil
	}
	if len(t.children)+t.starting > 0 {
		return
	}
	refusal := model.NewError(model.CodeUnavailable, "No process could be started for this subtenant. Try again; the server's log has the reason.")
	refusal.Cause = err
	refusal.RetryAfter = time.Second
	t.refuse(refusal)
}

// makeChild starts a process and waits until it can be used.
func (t *tenant) makeChild(nursery Nursery, site model.SitePackages) (*child, error) {
	opt := &t.lane.opt
	ctx, cancel := context.WithTimeout(context.Background(), opt.StartLimit)
	defer cancel()
	ch := &child{
		tenant: t, serial: t.lane.serial.Add(1), nursery: nursery, site: site, used: time.Now(), calls: map[uint64]*call{}, sent: map[uint64]struct{}{},
	}
	folder, temporary, err := t.folder()
	if err != nil {
		return nil, err
	}
	if err := ch.connect(ctx); err != nil {
		ch.discard()
		return nil, err
	}
	setup := wire.Setup{
		Tenant: t.name, Home: opt.Home, Folder: folder, Temporary: temporary, Packages: site,
		MaxMemory: opt.MaxMemory, MaxValue: opt.MaxValue, CodeThreads: int64(opt.CodeThreads), Descriptors: int64(opt.Descriptors),
		Threads: int64(opt.ChildCalls), Tasks: int64(opt.ChildTasks), WaitLimit: opt.WaitLimit, KeepLeft: opt.KeepLeft,
	}
	if err := ch.greet(ctx, &setup); err != nil {
		ch.proc.Kill()
		<-ch.proc.Exited()
		ch.discard()
		return nil, err
	}
	ch.base = memoryOf(ch.proc.Pid())
	ch.memory.Store(ch.base)
	return ch, nil
}

// greet exchanges the first frames.
func (ch *child) greet(ctx context.Context, setup *wire.Setup) error {
	deadline, _ := ctx.Deadline()
	if err := ch.out.Send(setup.Frame()); err != nil {
		return err
	}
	kind, fields, err := ch.first(deadline)
	if err != nil {
		return fmt.Errorf("it did not say that it is ready: %w", err)
	}
	if kind != wire.KindReady {
		return fmt.Errorf("it sent a frame of kind %d before it was ready", kind)
	}
	ready, err := wire.ReadReady(fields)
	if err != nil {
		return err
	}
	if ready.Problem != "" {
		return errors.New(ready.Problem)
	}
	return nil
}

// folder returns those of the subtenant's files.
func (t *tenant) folder() (folder, temporary string, err error) {
	if t.lane.opt.Folder == nil {
		return "", "", nil
	}
	return t.lane.opt.Folder(t.name)
}

// connect starts the process, with its connection.
func (ch *child) connect(ctx context.Context) error {
	ours, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer func() { _ = theirs.Close() }()
	if ch.conn, err = newConnection(ours); err != nil {
		return err
	}
	to, from, err := socketPair()
	if err != nil {
		return err
	}
	ch.frames = os.NewFile(uintptr(to), "frames")
	defer func() { _ = from.Close() }()
	if ch.slate, err = wire.NewSlate(); err != nil {
		return err
	}
	if err := ch.slate.Pass(ours, from); err != nil {
		return err
	}
	ch.source.child = ch
	ch.in = wire.NewReader(&ch.source, uint32(min(max(ch.tenant.lane.opt.MaxValue, 32<<20)+frameSlack, wire.FrameLimit)))
	ch.out = wire.NewWriter(ch.frames)
	ch.proc, err = ch.nursery.Start(ctx, theirs)
	return err
}
