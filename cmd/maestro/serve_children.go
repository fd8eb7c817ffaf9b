package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"

	"maestro/embed"
	"maestro/internal/model"
	"maestro/lane/process"
)

// makeChildren makes the process lane.
func (p *parts) makeChildren(home string, rails *embed.Rails) (*process.Lane, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, which child processes run: %w", err)
	}
	confinement := p.newConfinement(rails, program)
	return process.New(process.Options{
		Home: home,
		Start: &process.Forks{
			Binary: program, Args: []string{laneChildName}, Env: childEnvironment(), Prepare: confinement.prepare, Log: p.log,
		},
		Look: confinement.look,
		Folder: func(tenant string) (string, string, error) {
			home, err := p.homes.Of(tenant)
			return home.Folder, home.Temporary, err
		},
		MaxChildren:  p.cfg.MaxChildren,
		IdleAfter:    p.cfg.InterpreterIdle,
		MaxMemory:    p.cfg.MaxFunctionMemory,
		MemoryBudget: cmp.Or(p.cfg.MaxInterpreterMemory, machineMemory("/")/4),
		MaxValue:     p.cfg.MaxValueBytes,
		CodeThreads:  p.cfg.MaxFunctionThreads,
		Descriptors:  p.cfg.MaxFunctionDescriptors,
		KeepLeft:     p.cfg.KeepBackgroundWork,
		OnTenantLog:  p.logOutsideCalls,
		Log:          p.log,
	})
}

// logOutsideCalls takes a line that no call has written.
func (p *parts) logOutsideCalls(tenant string, line model.LogLine) {
	p.log.Info("output of no execution", slog.String("tenant", tenant), slog.String("text", p.secrets.Mask(tenant).Text(line.Text)))
}

// childEnvironment is what a child process gets of the server's environment: nothing
// that could hold a secret.
func childEnvironment() (environment []string) {
	for _, name := range []string{"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, set := os.LookupEnv(name); set {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}
