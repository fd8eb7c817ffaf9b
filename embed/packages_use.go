package embed

import "maestro/internal/model"

// usePackages gives t the packages that a call has named, if they are newer
// than its own: its interpreter is detached and continues with the calls in
// it, which keep their modules. Waiting calls run with the new packages. So the
// packages of t and of t.interp are always the same. h.mu is held.
func (h *Host) usePackages(t *tenant, packages model.SitePackages) {
	if packages.Number <= t.packages.Number {
		return
	}
	if h.opt.Main && t.interp != nil {
		h.report(UnfitPackages)
		return
	}
	t.packages = packages
	if t.interp != nil {
		h.detach(t.interp, interpreterRetiring)
	}
}

// usePackages puts the packages on Python's path.
func (in *interpreter) usePackages() error {
	if in.packages.Path == "" {
		return nil
	}
	return in.invoke("use_packages", in.packages.Path)
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
