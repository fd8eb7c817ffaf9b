package deploy

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"maestro/internal/config"
)

const graceSeconds = 60 // for the runs in progress, beyond DRAIN_SECONDS

// composeFile is what the tests read of compose.yaml.
type composeFile struct {
	Services map[string]struct {
		Image       string
		Environment map[string]string
		Volumes     []string
		StopGrace   string `yaml:"stop_grace_period"`
		ReadOnly    bool   `yaml:"read_only"`
	}
	Networks map[string]struct {
		Ipam struct{ Config []struct{ Subnet string } }
	}
}

func TestSettingsInTheComposeFile(t *testing.T) {
	t.Parallel()
	var file composeFile
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "compose/compose.yaml")), &file))
	servers := 0
	for name, service := range file.Services {
		if service.Image != "maestro" {
			continue
		}
		servers++
		require.True(t, service.ReadOnly, name)
		requireSettings(t, service.Environment)
		require.Equal(t, file.Networks["default"].Ipam.Config[0].Subnet, service.Environment["TRUSTED_PROXIES"], "the proxy is in this network")
		require.Equal(t, []string{name + ":" + ofImage(t, "DATA_DIR")}, service.Volumes, "each server has a volume of its own")
		grace := number(t, service.StopGrace, `^(\d+)s$`)
		require.GreaterOrEqual(t, grace, number(t, service.Environment["DRAIN_SECONDS"], `^(\d+)$`)+graceSeconds, name)
	}
	require.Equal(t, 2, servers)
	for _, volume := range file.Services["proxy"].Volumes {
		if from, _, _ := strings.Cut(volume, ":"); strings.HasPrefix(from, ".") {
			require.FileExists(t, filepath.Join("compose", from))
		}
	}
}

// What the file asks for is in the example, and nothing else.
func TestVariablesOfTheComposeFile(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)(:[?-])`).FindAllStringSubmatch(read(t, "compose/compose.yaml"), -1) {
		asked[m[1]] = asked[m[1]] || m[2] == ":?"
	}
	example := read(t, "compose/.env.example")
	for name, required := range asked {
		if required {
			require.Regexp(t, `(?m)^`+name+`=$`, example)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^([A-Z_]+)=`).FindAllStringSubmatch(example, -1) {
		require.Contains(t, asked, m[1])
	}
}

func TestSettingsInTheKubernetesManifests(t *testing.T) {
	t.Parallel()
	settings := map[string]string{}
	var grace, containers int
	for _, object := range objects(t) {
		switch object.Kind {
		case "ConfigMap":
			settings = object.Data
		case "StatefulSet":
			pod := object.Spec.Template.Spec
			grace = pod.Grace
			for _, container := range pod.Containers {
				containers++
				require.Equal(t, ofImage(t, "DATA_DIR"), container.VolumeMounts[0].MountPath)
				require.Equal(t, ofImage(t, "PORT"), strconv.Itoa(container.Ports[0].ContainerPort))
				require.Equal(t, "/readyz", container.ReadinessProbe.HTTPGet.Path)
				require.Equal(t, "/livez", container.LivenessProbe.HTTPGet.Path)
				require.Equal(t, "/livez", container.StartupProbe.HTTPGet.Path)
				probe := container.ReadinessProbe
				require.Greater(t, number(t, settings["DRAIN_SECONDS"], `^(\d+)$`), probe.PeriodSeconds*probe.FailureThreshold)
			}
		}
	}
	require.Equal(t, 1, containers)
	require.GreaterOrEqual(t, grace, number(t, settings["DRAIN_SECONDS"], `^(\d+)$`)+graceSeconds)
	for _, m := range regexp.MustCompile(`--from-literal=([A-Z_]+)=`).FindAllStringSubmatch(read(t, "kubernetes/maestro.yaml"), -1) {
		settings[m[1]] = ""
	}
	require.Contains(t, settings, "SECRET_KEY")
	requireSettings(t, settings)
}

// object is what the tests read of a manifest.
type object struct {
	Kind string
	Data map[string]string
	Spec struct {
		Template struct {
			Spec struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Ports []struct {
						ContainerPort int `yaml:"containerPort"`
					}
					VolumeMounts []struct {
						MountPath string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
					ReadinessProbe probe `yaml:"readinessProbe"`
					LivenessProbe  probe `yaml:"livenessProbe"`
					StartupProbe   probe `yaml:"startupProbe"`
				}
			}
		}
	}
}

type probe struct {
	HTTPGet          struct{ Path string } `yaml:"httpGet"`
	PeriodSeconds    int                   `yaml:"periodSeconds"`
	FailureThreshold int                   `yaml:"failureThreshold"`
}

func objects(t *testing.T) []object {
	t.Helper()
	names, err := filepath.Glob("kubernetes/*.yaml")
	require.NoError(t, err)
	var all []object
	for _, name := range names {
		for decoder := yaml.NewDecoder(strings.NewReader(read(t, name))); ; {
			var o object
			err := decoder.Decode(&o)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
			require.NotEmpty(t, o.Kind, name)
			all = append(all, o)
		}
	}
	return all
}

func TestSettingsInTheDockerfile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"HOST", "PORT", "DATA_DIR", "MAESTRO_PYTHON_HOME"} {
		requireSettings(t, map[string]string{name: ofImage(t, name)})
	}
	require.Contains(t, read(t, "../Dockerfile"), "VOLUME "+ofImage(t, "DATA_DIR")+"\n")
}

// Proxies wait longer than runs take, pass on the largest body, and notice in time
// that a server stops.
func TestTimesAndSizesOfTheProxies(t *testing.T) {
	t.Parallel()
	haproxy, nginx, caddy := read(t, "proxies/haproxy.cfg"), read(t, "proxies/nginx.conf"), read(t, "proxies/Caddyfile")
	run := number(t, ofTable(t, "FUNCTION_TIMEOUT"), `^(\d+)$`)
	require.Greater(t, number(t, haproxy, `timeout server (\d+)s`), run)
	require.Greater(t, number(t, haproxy, `timeout client (\d+)s`), run)
	require.Greater(t, number(t, nginx, `proxy_read_timeout (\d+)s`), run)
	require.Greater(t, number(t, read(t, "kubernetes/network.yaml"), `proxy-read-timeout: "(\d+)"`), run)
	body := number(t, ofTable(t, "MAX_BODY_BYTES"), `^(\d+)$`)
	require.Greater(t, number(t, nginx, `client_max_body_size (\d+)m`)<<20, body)
	require.Greater(t, number(t, read(t, "kubernetes/network.yaml"), `proxy-body-size: (\d+)m`)<<20, body)

	drain := number(t, ofTable(t, "DRAIN_SECONDS"), `^(\d+)$`)
	require.Greater(t, drain, number(t, haproxy, `inter (\d+)s`)*number(t, haproxy, `fall (\d+)`))
	require.Greater(t, drain, number(t, caddy, `health_interval (\d+)s`)+number(t, caddy, `health_timeout (\d+)s`))
	require.Greater(t, drain, number(t, nginx, `fail_timeout=(\d+)s`))
	for name, text := range map[string]string{"haproxy": haproxy, "nginx": nginx, "Caddy": caddy} {
		require.Contains(t, text, "maestro-1:8000", name)
		require.Contains(t, text, "/metrics", name)
	}
}

// requireSettings fails for a name that is no setting.
func requireSettings(t *testing.T, environment map[string]string) {
	t.Helper()
	for name := range environment {
		ofTable(t, name)
	}
}

// ofTable is the default of a setting.
func ofTable(t *testing.T, name string) string {
	t.Helper()
	for _, setting := range config.Settings() {
		if setting.Name == name {
			return setting.Default
		}
	}
	require.FailNow(t, "there is no such setting", name)
	return ""
}

// ofImage is a setting that the Dockerfile gives.
func ofImage(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^(?:ENV|   ) ` + name + `=(\S+)`).FindStringSubmatch(read(t, "../Dockerfile"))
	require.NotNil(t, found, name)
	return found[1]
}

// number is the one that a pattern finds.
func number(t *testing.T, text, pattern string) int {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	require.NotNil(t, found, pattern)
	n, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	return n
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
