package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// Faults is everything that is wrong with the settings, one sentence each,
// with the setting's name in front.
type Faults []string

func (f Faults) Error() string { return strings.Join(f, "\n") }

// Load reads the settings from environ (as os.Environ returns it) and, for
// names that are not there, from the file .env in folder, if there is one. An
// empty value counts as unset. The error is a Faults; warnings name what
// looks like a mistake but hurts nothing.
func Load(environ []string, folder string) (c *Config, warnings []string, err error) {
	values, faults := readDotEnv(folder)
	maps.Copy(values, valuesOf(environ))
	return parse(values, faults)
}

// valuesOf returns the variables of an environment by name.
func valuesOf(environ []string) map[string]string {
	values := make(map[string]string, len(environ))
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return values
}

// parse sets each setting that values has. faults are those found so far.
func parse(values map[string]string, faults Faults) (c *Config, warnings []string, err error) {
	c = new(Config)
	table := Settings()
	known := map[string]bool{}
	for _, s := range table {
		known[s.Name] = true
		value := strings.TrimSpace(values[s.Name])
		if value == "" {
			value = s.Default
		}
		if value == "" {
			continue
		}
		if err := s.set(c, value); err != nil {
			faults = append(faults, s.Name+" "+err.Error())
		} else if s.Later != "" && value != s.Default {
			faults = append(faults, notYet(s))
		}
	}
	c.PipVariables = pipVariables(values, known)
	c.settle(func(name string) bool { return strings.TrimSpace(values[name]) != "" })
	faults = append(faults, c.check()...)
	for name := range values {
		if strings.HasPrefix(name, "MAESTRO_") && !known[name] && !clientNames[name] && !strings.HasPrefix(name, "MAESTRO_TEST_") {
			warnings = append(warnings, name+" is no setting of Maestro and is ignored; .env.example lists them all")
		}
	}
	slices.Sort(warnings)
	if len(faults) > 0 {
		return nil, warnings, faults
	}
	return c, warnings, nil
}

func notYet(s Setting) string {
	if s.Default == "" {
		return s.Name + " must stay unset for now: " + s.Later
	}
	return fmt.Sprintf("%s must stay at %s for now: %s", s.Name, s.Default, s.Later)
}

func readDotEnv(folder string) (map[string]string, Faults) {
	path := filepath.Join(folder, ".env")
	values, err := godotenv.Read(path)
	switch {
	case err == nil:
		return values, nil
	case errors.Is(err, fs.ErrNotExist):
		return map[string]string{}, nil
	case errors.As(err, new(*fs.PathError)):
		return map[string]string{}, Faults{fmt.Sprintf(".env cannot be read: %v", err)}
	default: // the library's message quotes the file, which holds secrets
		return map[string]string{}, Faults{path + " cannot be understood: each line must be NAME=value, or a comment after #"}
	}
}

// settle gives settings that were not given the defaults that follow from
// others. Tokens that we hand out ourselves are good for this machine alone,
// where no balancer looks either.
func (c *Config) settle(given func(name string) bool) {
	if !given("HOST") && c.AuthMode() != AuthDevelopment {
		c.Host = "0.0.0.0"
	}
	if !given("DRAIN_SECONDS") && c.AuthMode() == AuthDevelopment {
		c.Drain = 0
	}
	if !given("LOG_LEVEL") && c.Debug {
		c.LogLevel = slog.LevelDebug
	}
}

// check finds contradictions between settings.
func (c *Config) check() Faults {
	var faults Faults
	if c.DatabaseURL != "" && c.SecretKey == "" {
		faults = append(faults, "SECRET_KEY must be set when DATABASE_URL is: every server on that database needs the same key; `openssl rand -hex 32` makes one")
	}
	if c.DataDir == "" {
		faults = append(faults, "DATA_DIR must be set: there is no home folder to put it into")
	}
	if c.CensusJWTAudience != "" && c.CensusJWTSecret == "" {
		faults = append(faults, "CENSUS_JWT_AUDIENCE does nothing without CENSUS_JWT_SECRET: set both or neither")
	}
	return faults
}

// defaultDataDir is "" when there is no home folder.
func defaultDataDir(root bool, home string) string {
	switch {
	case root:
		return "/var/lib/maestro"
	case home == "":
		return ""
	default:
		return filepath.Join(home, ".local", "share", "maestro")
	}
}

// Prepare makes the data folder and, when SECRET_KEY was not set, reads the
// key from there or generates it. Several processes may do so at once.
func (c *Config) Prepare() error {
	if err := makeDataDir(c.DataDir); err != nil {
		return fmt.Errorf("DATA_DIR %s cannot be used: %w", c.DataDir, err)
	}
	// The rails on functions compare resolved paths.
	folder, err := filepath.EvalSymlinks(c.DataDir)
	if err != nil {
		return fmt.Errorf("DATA_DIR %s cannot be used: %w", c.DataDir, err)
	}
	c.DataDir = folder
	if err := checkOwner(c.DataDir, os.Getuid()); err != nil {
		return fmt.Errorf("DATA_DIR %s cannot be used: %w", c.DataDir, err)
	}
	if c.SecretKey != "" {
		return nil
	}
	key, _, err := keepSecret(filepath.Join(c.DataDir, secretKeyFile), generateKey)
	if err != nil {
		return fmt.Errorf("read the key that stands in for SECRET_KEY: %w", err)
	}
	c.SecretKey = key
	return nil
}

// makeDataDir makes the folder. Other users can enter root's: the embedded
// PostgreSQL runs as an unprivileged user, in a folder of its own below it.
// Each secret in it is a file that only its owner can read.
func makeDataDir(path string) error {
	mode := fs.FileMode(0o700)
	if os.Getuid() == 0 {
		mode = 0o755
	}
	return os.MkdirAll(path, mode)
}
