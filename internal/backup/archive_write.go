package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Write writes an archive of the files in folder, which are its parts, to path, for its
// owner's eyes alone: it holds the key. The archive is whole or not there, and replaces no
// file. The folder is on the file system of path. It sets the manifest's Format and Parts.
func Write(path, folder string, manifest *Manifest) (err error) {
	unfinished := filepath.Join(folder, "archive.unfinished") // not at path, where it would be in the way of the next one if this process is killed
	file, err := os.OpenFile(unfinished, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(unfinished)
			err = fmt.Errorf("write the backup: %w", err)
		}
	}()
	archive := tar.NewWriter(file)
	manifest.Format, manifest.Parts = Format, nil
	for _, name := range []string{Key, Database} {
		part, err := add(archive, folder, name)
		if err != nil {
			return errors.Join(err, file.Close())
		}
		manifest.Parts = append(manifest.Parts, part)
	}
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err == nil {
		_, err = addFile(archive, manifestName, int64(len(text)), bytes.NewReader(text))
	}
	if err = errors.Join(err, archive.Close(), file.Sync(), file.Close()); err != nil {
		return err
	}
	return place(unfinished, path)
}

// place moves a file to a path where there is none.
func place(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	// The file systems of networks and of other systems do not know this, nor most of them links.
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return placePlainly(from, to)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// placePlainly is place for all file systems. A file that another process makes at that
// moment is replaced.
func placePlainly(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: os.ErrExist}
	}
	return os.Rename(from, to)
}

func add(archive *tar.Writer, folder, name string) (Part, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return Part{}, err
	}
	defer func() { _ = root.Close() }()
	file, err := root.Open(name)
	if err != nil {
		return Part{}, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return Part{}, err
	}
	sum, err := addFile(archive, name, info.Size(), file)
	return Part{Name: name, Bytes: info.Size(), SHA256: sum}, err
}

// addFile adds one file, and returns the digest of its content.
func addFile(archive *tar.Writer, name string, size int64, content io.Reader) (string, error) {
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size}); err != nil {
		return "", err
	}
	digest := sha256.New()
	if _, err := io.Copy(io.MultiWriter(archive, digest), content); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
