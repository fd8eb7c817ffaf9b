package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"maestro/embed"
	"maestro/internal/packages/probe"
)

// probeName is the command by which the server starts itself to import packages
// that are about to be installed.
const probeName = "probe-packages"

// probeFile bounds, in bytes, each file that a module writes while it is imported.
const probeFile = 16 << 20

func (*app) probeCommand() *cobra.Command {
	return &cobra.Command{
		Use: probeName, Hidden: true, // only the server calls it
		RunE: func(*cobra.Command, []string) error { return probePackages(os.Stdin) },
	}
}

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
		return fmt.Errorf("%s is started by the server alone", probeName)
	}
	if err := embed.Probe(request.Home, request.Packages, request.Modules, report); err != nil {
		return err
	}
	os.Exit(exitOK) // at once: the imported modules may have left threads or hooks
	return nil
}
