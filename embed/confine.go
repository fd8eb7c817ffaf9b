package embed

import (
	"fmt"
	"log/slog"
	"net/netip"

	"maestro/cpython"
	"maestro/internal/model"
)

// Rails describe what the code of subtenants may not use, and which files are
// its own. Without them it may use what the server may.
type Rails struct {
	DataDir  string           // the server's
	Private  []string         // paths with keys and tokens of the machine
	Readable []string         // paths within DataDir and Private that may be read; Home is one
	Networks []netip.Prefix   // that may not be connected to
	Services []netip.AddrPort // the same: the server's own database and Redis
	Port     int              // that the server listens on
	MaxDisk  int64            // bytes that the files of a subtenant may take; 0: any number
	// Folder returns the folder of a subtenant's files, which exists, and one in
	// it for temporary files. It is called for each interpreter, before its first call.
	Folder func(tenant string) (folder, temporary string, err error)
}

// policy makes what cpython needs of the rails. nil without rails.
func (o Options) policy() (*cpython.Policy, error) {
	if o.Rails == nil {
		return nil, nil
	}
	r := o.Rails
	policy, err := cpython.NewPolicy(cpython.PolicyConfig{
		Data: r.DataDir, Private: r.Private, Readable: append([]string{o.Home}, r.Readable...),
		Networks: r.Networks, Services: r.Services, Port: r.Port,
	})
	if err != nil {
		return nil, fmt.Errorf("create the Python host: %w", err)
	}
	return policy, nil
}

// prepare puts up the rails in an interpreter and puts its packages on Python's path, before the
// first call in it. A warm interpreter may serve any subtenant, so it has neither yet; assigning
// them takes a fiftieth of the time that creating another one takes. Each
// call requests it, on its own thread, and waits for the first one to be done.
// An error means that the call must not begin.
func (in *interpreter) prepare() error {
	if in.packages.Path == "" && in.host.policy == nil && in.host.opt.Folder == "" {
		return nil
	}
	in.furnish.Do(in.begin)
	if in.unfit == "" {
		return nil
	}
	e := model.NewError(model.CodeUnavailable, "The %s of this subtenant cannot be used on this server. Try again; the server's log has the reason.", in.unfit)
	e.Cause = fmt.Errorf("its interpreter cannot be given its %s", in.unfit)
	e.RetryAfter = retireEvery
	return e
}

func (in *interpreter) begin() {
	if err := in.confine(); err != nil {
		in.notFit("folder", err)
	} else if err := in.usePackages(); err != nil {
		in.notFit("packages", err)
	}
}

func (in *interpreter) notFit(what string, err error) {
	h := in.host
	h.mu.Lock()
	defer h.mu.Unlock()
	in.unfit = what
	h.opt.Log.Error("an interpreter cannot be given what its subtenant needs", slog.String("part", what), slog.String("tenant", in.tenantName()),
		slog.Int("number", in.packages.Number), slog.String("path", in.packages.Path), slog.Any("error", err))
}

// confine gives Python the folder of the subtenant's files, as its home and
// current directory, and puts up the rails.
func (in *interpreter) confine() error {
	h := in.host
	if h.policy == nil {
		return in.useFolder(h.opt.Folder, h.opt.Temporary)
	}
	rails := h.opt.Rails
	folder, temporary, err := rails.Folder(in.tenantName())
	if err != nil {
		return err
	}
	err = in.py.Confine(h.policy, cpython.Confinement{
		Folder: folder, Temporary: temporary, Packages: in.packages.Path, MaxBytes: rails.MaxDisk,
	})
	if err != nil {
		return err
	}
	return in.useFolder(folder, temporary)
}

func (in *interpreter) useFolder(folder, temporary string) error {
	if folder == "" {
		return nil
	}
	return in.invoke("use_folder", folder+"\n"+temporary)
}

// invoke calls a function of the runtime.
func (in *interpreter) invoke(function, argument string) error {
	if _, exc := in.py.Invoke(function, []byte(argument)); exc != nil {
		return fmt.Errorf("%s: %s", exc.Type, exc.Message)
	}
	return nil
}
