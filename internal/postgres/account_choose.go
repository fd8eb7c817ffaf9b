package postgres

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// chooseAccount says under whom PostgreSQL runs, which refuses root: nil is
// this process's own account; as root it is the owner of the cluster that is
// there, or else postgres, or else nobody. The folders are made reachable for
// that account.
func chooseAccount(home, dataDir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := lesserAccount(home)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(home, int(account.Uid), int(account.Gid)); err != nil {
		return nil, fmt.Errorf("give %s to PostgreSQL's account: %w", home, err)
	}
	return account, openPath(dataDir, account)
}

func lesserAccount(home string) (*syscall.Credential, error) {
	if info, err := os.Stat(home); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
			return &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(found.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(found.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no account postgres or nobody: run as an ordinary user, or set DATABASE_URL")
}

// openPath makes sure that the account can pass through to dataDir. Maestro's
// own folder is opened for passing (not for reading); folders above it are
// other people's.
func openPath(dataDir string, account *syscall.Credential) error {
	for dir := dataDir; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
		if !mayPass(info, account) {
			if dir != dataDir {
				return fmt.Errorf("PostgreSQL does not run as root, and its account can't reach %s (%s is closed to it): set DATA_DIR to a folder outside, for example /var/lib/maestro",
					dataDir, dir)
			}
			if err := os.Chmod(dir, info.Mode().Perm()|0o011); err != nil {
				return fmt.Errorf("open the data folder to PostgreSQL's account: %w", err)
			}
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func mayPass(info os.FileInfo, account *syscall.Credential) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch mode := info.Mode().Perm(); {
	case !ok:
		return true
	case stat.Uid == account.Uid:
		return mode&0o100 != 0
	case stat.Gid == account.Gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
