//go:build image

package deploy

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// profiles are the seccomp profiles of engines, and the measures of the process lane
// that must hold in a container without privileges: docs/operations.md names them.
var profiles = []struct {
	name  string
	holds []string
}{
	{"podman", []string{"users", "mounts", "network", "landlock", "syscalls", "privileges", "limits"}},
	{"docker", []string{"landlock", "syscalls", "privileges", "limits"}},
}

func TestProcessLaneInTheImage(t *testing.T) {
	t.Parallel()
	for _, profile := range profiles {
		t.Run(profile.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"--volume", newVolume(t) + ":/var/lib/maestro"}
			if profile.name == "docker" {
				args = append(args, "--security-opt=seccomp="+dockerProfile(t))
			}
			c := start(t, "maestro-image-lane-"+profile.name, args...)
			var health struct {
				Checks struct {
					Confinement struct{ Details map[string]string }
				}
			}
			require.Equal(t, http.StatusOK, c.request(t, http.MethodGet, "/health", "", "", &health))
			var holds []string
			for measure, state := range health.Checks.Confinement.Details {
				if state == "holds" {
					holds = append(holds, measure)
				}
			}
			require.Subset(t, holds, profile.holds)
			var doctor struct {
				Healthy  bool
				Findings []finding
			}
			require.NoError(t, json.Unmarshal([]byte(c.exec(t, "maestro", "doctor", "--json")), &doctor))
			for _, f := range doctor.Findings {
				t.Log(f)
			}
			require.True(t, doctor.Healthy)
			require.True(t, slices.ContainsFunc(doctor.Findings, func(f finding) bool { return f.Check == "confinement" && f.State == "ok" }))

			token := c.exec(t, "maestro", "token", "--admin")
			require.Equal(t, http.StatusOK, c.request(t, http.MethodPut, "/api/v1/subtenants/default", token, `{"lane":"process"}`, nil))
			c.exec(t, "maestro", "examples", "load")
			if slices.Contains(holds, "network") {
				c.invoice(t)
			} else { // the server's port cannot be reached from the lane, and the example fetches a document from it
				var said json.RawMessage
				require.Equal(t, http.StatusInternalServerError, c.request(t, http.MethodPost, "/api/v1/h/process-invoice", token, document, &said))
				require.Contains(t, string(said), "Permission denied")
				require.Equal(t, http.StatusOK, c.request(t, http.MethodPost, "/api/v1/h/hello", "", `{"name":"Claude"}`, nil))
			}
			c.refuses(t, token)
			c.stop(t)
			require.NotContains(t, c.log.String(), "has no zygote", "its processes are forked")
		})
	}
}

// refuses has a function of the process lane try what it must not be able to do.
func (c *container) refuses(t *testing.T, token string) {
	t.Helper()
	const code = `
import os, subprocess
def attempt(input):
    said = {}
    for path in ("/var/lib/maestro/secret_key", "/var/lib/maestro/admin_token", "/proc/1/environ", "/proc/1/maps"):
        try:
            open(path, "rb").read(1)
            said[path] = "read"
        except OSError as e:
            said[path] = type(e).__name__
    try:
        os.kill(1, 0)
        said["signal"] = "sent"
    except OSError as e:
        said["signal"] = type(e).__name__
    return {"said": said, "child": subprocess.run(["/bin/cat", "/var/lib/maestro/secret_key"], capture_output=True).returncode}
`
	function, err := json.Marshal(map[string]string{"name": "attempt", "code": code})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, c.request(t, http.MethodPost, "/api/v1/functions", token, string(function), nil))
	var answer struct {
		Result struct {
			Said  map[string]string
			Child int
		}
	}
	require.Equal(t, http.StatusOK, c.request(t, http.MethodPost, "/api/v1/executions", token, `{"function_name":"attempt","input_data":{}}`, &answer))
	require.Len(t, answer.Result.Said, 5)
	for what, said := range answer.Result.Said {
		require.NotContains(t, []string{"read", "sent"}, said, what)
	}
	require.NotZero(t, answer.Result.Child)
}

// withoutNamespaces are the system calls that podman's profile permits, and the
// default ones of Docker and containerd only to a privileged container.
var withoutNamespaces = []string{"bpf", "clone3", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree",
	"setns", "umount", "umount2", "unshare", "pidfd_getfd", "process_madvise", "ptrace", "process_vm_readv", "process_vm_writev", "chroot"}

// dockerProfile makes podman's profile as strict as Docker's.
func dockerProfile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/usr/share/containers/seccomp.json")
	require.NoError(t, err)
	var profile map[string]any
	require.NoError(t, json.Unmarshal(text, &profile))
	rules := profile["syscalls"].([]any)
	for _, each := range rules {
		rule := each.(map[string]any)
		rule["names"] = slices.DeleteFunc(rule["names"].([]any), func(name any) bool {
			return name == "clone" || slices.Contains(withoutNamespaces, name.(string))
		})
	}
	rules = slices.DeleteFunc(rules, func(rule any) bool { return len(rule.(map[string]any)["names"].([]any)) == 0 })
	const noNamespace = 0x7e020000 // the flags of clone that make one
	profile["syscalls"] = append(rules,
		map[string]any{"names": []string{"clone"}, "action": "SCMP_ACT_ALLOW",
			"args": []any{map[string]any{"index": 0, "value": noNamespace, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}}},
		map[string]any{"names": []string{"clone3"}, "action": "SCMP_ACT_ERRNO", "errnoRet": 38})
	out, err := json.Marshal(profile)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "docker.json")
	require.NoError(t, os.WriteFile(path, out, 0o644))
	return path
}
