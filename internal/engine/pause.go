package engine

import "maestro/internal/model"

// A pause takes asynchronous runs, which wait, and refuses synchronous ones, whose callers
// could not. A function that is called by its sibling runs: the run of the sibling has begun.

func functionPaused(name string) *model.Error {
	return model.NewError(model.CodePaused,
		"The function %q is paused, so nothing ran. Asynchronous runs are accepted, and wait until POST /api/v1/functions/%s/resume.", name, name)
}

func subtenantPaused(tenant string) *model.Error {
	return model.NewError(model.CodePaused,
		"The subtenant is paused, so nothing ran. Asynchronous runs are accepted, and wait until an administrator calls POST /api/v1/subtenants/%s/resume.", tenant)
}
