package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

func TestDevServesAFolderWithoutSetUp(t *testing.T) {
	t.Parallel()
	dir, home := t.TempDir(), t.TempDir()
	put(t, dir, map[string]string{"hi.py": "def hi(input):\n    print('hello there')\n    return shout(input)\n", "broken.py": "def broken(input:\n"})
	require.NoError(t, os.Mkdir(filepath.Join(dir, "typings"), 0o755))
	put(t, dir, map[string]string{"typings/__builtins__.pyi": ""}) // there were stubs
	cmd := command(t, testkit.DataDir(t), []string{"HOME=" + home, "DATABASE_URL=postgres://nowhere.invalid/none"}, "dev", "--port", "0", "--data-dir", testkit.DataDir(t), dir)
	out, errs := &lines{}, &lines{}
	cmd.Stdout, cmd.Stderr = out, errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	errs.wait("broken.py:1: '(' was never closed")
	out.wait("Watching")
	put(t, dir, map[string]string{"shout.py": "def shout(input):\n    return input.upper()\n"}) // refused with the other
	put(t, dir, map[string]string{"broken.py": "def broken(input):\n    return 1\n"})
	out.wait("Pushed: 3 created")
	require.Contains(t, content(t, dir, "typings", "__builtins__.pyi"), "def shout(input: Any = ..., **members: Any) -> Any: ...")
	errs.wait("Waiting for executions")
	env := map[string]string{"HOME": home, "MAESTRO_PROFILE": "dev"}
	got := runWith(t, env, "", "functions", "run", "hi", "-i", `"abc"`)
	require.Equal(t, "\"ABC\"\n", got.stdout, got.stderr)
	out.wait("hello there")
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.NoError(t, cmd.Wait(), errs.String())
	require.Equal(t, exitFailed, runWith(t, env, "", "functions", "list").status, "the server has ended with it")
}
