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
)

// Write writes an archive of the files in folder, which are its parts, to path, for its
// owner's eyes alone: it holds the key. The archive is whole or not there. It sets
// the manifest's Format and Parts.
func Write(path, folder string, manifest *Manifest) (err error) {
	unfinished := path + ".unfinished"
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
	// A link, unlike a renaming, replaces nothing.
	return errors.Join(os.Link(unfinished, path), os.Remove(unfinished))
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
