package kit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// The manifest is the last file written into a home. Each line holds the mode
// (octal), the size in bytes, the SHA-256 and the path of one file, or for a
// symbolic link "link", its target's length, the target and the path.
const manifestName = "MANIFEST"

// stamp is the modification time that every unpacked file gets. A file that
// has it and the right size is considered intact; any other is read and hashed.
// So a warm check costs a stat per file, an edited file is still detected, and
// a home that was copied without its times is only slower to check.
var stamp = time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC)

var errManifest = errors.New("its manifest is damaged")

// writeManifest stamps every file of home and lists it.
func writeManifest(home string) error {
	var list bytes.Buffer
	err := filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(home, path)
		if err != nil {
			return err
		}
		if entry.Type() == fs.ModeSymlink {
			target, err := os.Readlink(path)
			fmt.Fprintf(&list, "link %d %s %s\n", len(target), target, name)
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		sum, err := hashFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%o %d %s %s\n", info.Mode().Perm(), info.Size(), sum, name)
		return os.Chtimes(path, stamp, stamp)
	})
	if err != nil {
		return err
	}
	// The list also protects itself: its last line is the hash of the others.
	sum := sha256.Sum256(list.Bytes())
	fmt.Fprintf(&list, "%s\n", hex.EncodeToString(sum[:]))
	return os.WriteFile(filepath.Join(home, manifestName), list.Bytes(), 0o644)
}

// verify reports the first fault of home; nil means that it is complete.
func verify(home string) error {
	list, err := os.ReadFile(filepath.Join(home, manifestName))
	if err != nil {
		return err
	}
	const sumLine = 2*sha256.Size + 1
	if len(list) <= sumLine {
		return errManifest
	}
	body := list[:len(list)-sumLine]
	sum := sha256.Sum256(body)
	if hex.EncodeToString(sum[:]) != strings.TrimSuffix(string(list[len(body):]), "\n") {
		return errManifest
	}
	// Nearly all of the time is spent in system calls, so the processors share it.
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	var group errgroup.Group
	for part := range slices.Chunk(lines, len(lines)/runtime.GOMAXPROCS(0)+1) {
		group.Go(func() error { return verifyLines(home, part) })
	}
	return group.Wait()
}

func verifyLines(home string, lines []string) error {
	for _, line := range lines {
		fields := strings.SplitN(line, " ", 4)
		if len(fields) != 4 {
			return errManifest
		}
		if err := verifyFile(home+"/"+fields[3], fields[0], fields[1], fields[2]); err != nil {
			return fmt.Errorf("%s: %w", fields[3], err)
		}
	}
	return nil
}

func verifyFile(path, mode, size, content string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if mode == "link" {
		target, err := os.Readlink(path)
		if err == nil && target != content {
			err = errors.New("points to another file")
		}
		return err
	}
	switch {
	case !info.Mode().IsRegular() || strconv.FormatInt(info.Size(), 10) != size:
		return errors.New("size differs")
	case strconv.FormatUint(uint64(info.Mode().Perm()), 8) != mode:
		return errors.New("mode differs")
	case info.ModTime().Equal(stamp):
		return nil
	}
	sum, err := hashFile(path)
	if err == nil && sum != content {
		err = errors.New("content differs")
	}
	return err
}

func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
