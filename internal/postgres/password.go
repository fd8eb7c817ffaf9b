package postgres

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// passwordFile, in the data folder, holds the superuser's password. Only this
// process's account can read it, which is not PostgreSQL's when it is root.
const passwordFile = "postgres_password"

// markFile, in the cluster, holds a digest of the password that the cluster knows.
const markFile = "maestro_password_digest"

// accessFile, in home, says who may connect. The cluster's own pg_hba.conf, which
// trusts everything that reaches the socket, is not read.
const accessFile = "pg_hba.conf"

const accessRules = "# Written by Maestro at each start.\nlocal all all scram-sha-256\n"

// keepPassword reads the password, or makes one. The folder's lock is held.
func (s *Server) keepPassword() error {
	path := filepath.Join(s.options.DataDir, passwordFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(rand.Text() + "\n")
		err = replaceFile(path, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep PostgreSQL's password: %w", err)
	}
	if s.password = string(bytes.TrimSpace(text)); len(s.password) < 16 {
		return fmt.Errorf("%s holds no password: restore it, or delete it for a new one", path)
	}
	return nil
}

// replaceFile puts a whole file in place or none.
func replaceFile(path string, text []byte, mode fs.FileMode) error {
	unfinished := path + ".unfinished"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(unfinished, text, mode); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// secureCluster makes a cluster of an earlier version, or one whose password was
// lost, know the password. No server runs on it.
func (s *Server) secureCluster(ctx context.Context) error {
	if err := s.giveFile(filepath.Join(s.home, accessFile), accessRules); err != nil {
		return fmt.Errorf("write PostgreSQL's rules of access: %w", err)
	}
	mark, err := os.ReadFile(filepath.Join(s.dataDir, markFile))
	if err == nil && string(mark) == s.passwordMark() {
		return nil
	}
	if err := s.runSingle(ctx, s.dataDir, s.setPassword()); err != nil {
		return fmt.Errorf("set PostgreSQL's password: %w", err)
	}
	return s.notePassword(s.dataDir)
}

// notePassword notes in a cluster that it knows the password.
func (s *Server) notePassword(dir string) error {
	if err := s.giveFile(filepath.Join(dir, markFile), s.passwordMark()); err != nil {
		return fmt.Errorf("note that PostgreSQL's password is set: %w", err)
	}
	return nil
}

// giveFile writes a file that PostgreSQL's account reads.
func (s *Server) giveFile(path, text string) error {
	if err := replaceFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	if s.account == nil {
		return nil
	}
	return os.Chown(path, int(s.account.Uid), int(s.account.Gid))
}

func (s *Server) passwordMark() string {
	sum := sha256.Sum256([]byte("maestro " + s.password))
	return hex.EncodeToString(sum[:])
}

// setPassword is the statement that sets the password, which it does not contain.
func (s *Server) setPassword() string {
	return "ALTER ROLE " + superuser + " PASSWORD '" + verifier(s.password) + "'"
}

// verifier is what a server stores of a password for SCRAM-SHA-256 (RFC 5803). One
// iteration will do: the password has 128 random bits, and each new connection would
// pay for more of them with a millisecond of a processor.
func verifier(password string) string {
	const iterations = 1
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails
	salted, err := pbkdf2.Key(sha256.New, password, salt[:], iterations, sha256.Size)
	if err != nil {
		panic(err) // it refuses lengths, which are constant here
	}
	stored := sha256.Sum256(keyed(salted, "Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, encode(salt[:]), encode(stored[:]), encode(keyed(salted, "Server Key")))
}

func keyed(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// runSingle runs statements on a cluster without a server.
func (s *Server) runSingle(ctx context.Context, dir string, statements ...string) error {
	cmd := s.command(ctx, "postgres", "--single", "-D", dir, "postgres")
	cmd.Stdin = strings.NewReader(strings.Join(statements, "\n") + "\n")
	return runQuietly(cmd)
}
