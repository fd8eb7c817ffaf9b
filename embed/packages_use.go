package embed

import (
	"fmt"
	"log/slog"

	"maestro/internal/model"
)

// usePackages gives t the packages that a call has named, if they are newer
// than its own: its interpreter is detached and continues with the calls in
// it, which keep their modules. Waiting calls run with the new packages. So the
// packages of t and of t.interp are always the same. h.mu is held.
func (h *Host) usePackages(t *tenant, packages model.SitePackages) {
	if packages.Number <= t.packages.Number {
		return
	}
	t.packages = packages
	if t.interp != nil {
		h.detach(t.interp, interpreterRetiring)
	}
}

// prepare puts in's packages on Python's path, before the first call in it. A
// warm interpreter may serve any subtenant, so it has none yet; assigning
// them takes a fiftieth of the time that creating another one takes. Each
// call requests it, on its own thread, and waits for the first one to be done.
// An error means that the call must not begin.
func (in *interpreter) prepare() error {
	if in.packages.Path == "" {
		return nil
	}
	in.furnish.Do(in.usePackages)
	if !in.unfit {
		return nil
	}
	e := model.NewError(model.CodeUnavailable, "The packages of this subtenant cannot be read on this server. Try again; the server's log has the reason.")
	e.Cause = fmt.Errorf("the folder %s cannot be used", in.packages.Path)
	e.RetryAfter = retireEvery
	return e
}

func (in *interpreter) usePackages() {
	_, exc := in.py.Invoke("use_packages", []byte(in.packages.Path))
	if exc == nil {
		return
	}
	h := in.host
	h.mu.Lock()
	defer h.mu.Unlock()
	in.unfit = true
	h.opt.Log.Error("the folder of a subtenant's packages cannot be used", slog.String("tenant", in.tenantName()),
		slog.Int("number", in.packages.Number), slog.String("path", in.packages.Path), slog.String("error", exc.Type+": "+exc.Message))
}

// SitesInUse returns the folders of packages that must be kept: an interpreter
// that has not ended uses them, or the next one of its subtenant will. Others
// may be removed, unless a call on its way here names them.
func (h *Host) SitesInUse() map[string]bool {
	sites := map[string]bool{}
	h.mu.Lock()
	defer h.mu.Unlock()
	process.interpreters.Range(func(_, value any) bool {
		if in := value.(*interpreter); in.host == h {
			sites[in.packages.Path] = true
		}
		return true
	})
	for _, t := range h.tenants {
		sites[t.packages.Path] = true
	}
	delete(sites, "") // of those without packages
	return sites
}
