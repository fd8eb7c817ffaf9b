package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// sealedVariable tells the supervisor, in its clean environment, the descriptor
// of its settings.
const sealedVariable = "MAESTRO_SETTINGS_DESCRIPTOR"

// mostSettings bounds, in bytes, a file of settings.
const mostSettings = 16 << 20

// seal writes settings to a file in memory that has no name and can't be changed
// any more. Every server that is started reads it.
func seal(settings []string) (*os.File, error) {
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("hand over the settings: %w", err)
	}
	const name, flags = "maestro-settings", unix.MFD_ALLOW_SEALING | unix.MFD_CLOEXEC
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // Linux before 6.3
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, fmt.Errorf("hand over the settings in a file in memory: %w; allow memfd_create, or use --unsupervised", err)
	}
	file := os.NewFile(uintptr(fd), name)
	if _, err = file.Write(text); err == nil {
		_, err = unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("hand over the settings: %w", err)
	}
	return file, nil
}

// readSealed reads settings from the beginning of the file: its offset is common
// to all processes that have it.
func readSealed(file *os.File) (settings []string, err error) {
	if err := json.NewDecoder(io.NewSectionReader(file, 0, mostSettings)).Decode(&settings); err != nil {
		return nil, fmt.Errorf("read the settings of the supervisor: %w", err)
	}
	return settings, nil
}

// Reexecute runs this program again in its place, with the same arguments and
// without any secret in its environment; Sealed then returns the settings. It
// returns only with an error.
func Reexecute(settings []string) error {
	file, err := seal(settings)
	if err != nil {
		return err
	}
	// Fd also makes it a blocking descriptor, which a file in memory is anyway.
	if _, err := unix.FcntlInt(file.Fd(), unix.F_SETFD, 0); err != nil {
		return fmt.Errorf("hand over the settings: %w", err)
	}
	environ := append(CleanEnvironment(os.Environ()), sealedVariable+"="+strconv.Itoa(int(file.Fd())))
	for _, name := range []string{notifyVariable, socketsVariable, socketsOwner} { // this process remains the same for the manager
		if value, set := os.LookupEnv(name); set {
			environ = append(environ, name+"="+value)
		}
	}
	// Not by its path: an upgrade may have put another file there.
	return fmt.Errorf("start the supervisor: %w", syscall.Exec("/proc/self/exe", os.Args, environ))
}

// Sealed returns the file of settings that Reexecute left for this process, and
// its content; nil when this process was started otherwise.
func Sealed() (*os.File, []string, error) {
	text, set := os.LookupEnv(sealedVariable)
	if !set {
		return nil, nil, nil
	}
	fd, err := strconv.Atoi(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s is set by the supervisor alone: unset it", sealedVariable)
	}
	unix.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "settings")
	settings, err := readSealed(file)
	if err != nil {
		return nil, nil, err
	}
	return file, settings, nil
}
