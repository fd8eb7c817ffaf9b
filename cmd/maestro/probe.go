package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"maestro/embed"
	"maestro/internal/packages/probe"
)

// probeCommand is the name by which the server starts itself to import packages
// that are about to be installed. It is in no list: nobody else calls it.
const probeCommand = "probe-packages"

// probeFile bounds, in bytes, each file that a module writes while it is imported.
const probeFile = 16 << 20

// probePackages is the child of probe.Run.
func probePackages(stdin io.Reader) error {
	var request probe.Request
	if err := json.NewDecoder(stdin).Decode(&request); err != nil {
		return fmt.Errorf("read what to probe: %w", err)
	}
	for resource, most := range map[int]uint64{
		unix.RLIMIT_DATA: request.Memory, unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: probeFile,
	} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("limit the probe: %w", err)
		}
	}
	unix.CloseOnExec(probe.ReportFile)
	report := os.NewFile(probe.ReportFile, "report")
	if report == nil {
		return fmt.Errorf("%s is started by the server alone", probeCommand)
	}
	if err := embed.Probe(request.Home, request.Packages, request.Modules, report); err != nil {
		return err
	}
	os.Exit(exitOK) // at once: what was imported may have left anything behind
	return nil
}
