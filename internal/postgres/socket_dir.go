package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// longestSocket is how many bytes the path of a Unix socket may have on Linux,
// without the final NUL.
const longestSocket = 107

const socketName = "/.s.PGSQL.5432"

// makeSocketDir makes the folder of the socket, which only the account can
// enter: in home, or below the folder for temporary files when that path is
// too long for a socket.
func makeSocketDir(home string, account *syscall.Credential) (string, error) {
	dir := filepath.Join(home, "socket")
	if len(dir+socketName) > longestSocket {
		sum := sha256.Sum256([]byte(home))
		dir = filepath.Join(os.TempDir(), "maestro-"+hex.EncodeToString(sum[:6]))
		if len(dir+socketName) > longestSocket {
			dir = filepath.Join("/tmp", filepath.Base(dir))
		}
	}
	owner := os.Geteuid()
	if err := os.Mkdir(dir, 0o700); err == nil && account != nil {
		if err := os.Chown(dir, int(account.Uid), int(account.Gid)); err != nil {
			return "", fmt.Errorf("give %s to PostgreSQL's account: %w", dir, err)
		}
	}
	if account != nil {
		owner = int(account.Uid)
	}
	// In a folder that all may write to, another user may have been faster.
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("make the socket's folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != owner || info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("the folder %s for PostgreSQL's socket belongs to another user or is open to others: remove it", dir)
	}
	return dir, nil
}
