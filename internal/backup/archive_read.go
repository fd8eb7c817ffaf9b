package backup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// mostManifest bounds the bytes of a manifest that are read.
const mostManifest = 1 << 20

// Read unpacks the archive at path into folder, which is empty, and compares every part
// with the manifest. Nothing of an archive that is damaged or not whole may be used.
func Read(path, folder string) (*Manifest, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	defer func() { _ = file.Close() }()
	manifest, found, err := unpack(tar.NewReader(file), folder)
	if err != nil {
		return nil, fmt.Errorf("%s is no whole backup of Maestro's: %w", path, err)
	}
	switch {
	case manifest == nil:
		return nil, fmt.Errorf("%s is no whole backup of Maestro's: its manifest is missing", path)
	case manifest.Format > Format:
		return nil, fmt.Errorf("%s was written by a later version of Maestro (%s): restore it with that one", path, manifest.Version)
	case !slices.Equal(manifest.Parts, found) || len(found) != 2:
		return nil, fmt.Errorf("%s is damaged: its files are not those of its manifest", path)
	}
	return manifest, nil
}

func unpack(archive *tar.Reader, folder string) (manifest *Manifest, found []Part, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = root.Close() }()
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return manifest, found, nil
		}
		if err != nil {
			return nil, nil, err
		}
		switch {
		case manifest != nil:
			return nil, nil, fmt.Errorf("it goes on after its manifest, with %q", header.Name)
		case header.Typeflag != tar.TypeReg:
			return nil, nil, fmt.Errorf("%q is no file", header.Name)
		case header.Name == manifestName:
			manifest = &Manifest{}
			if err := json.NewDecoder(io.LimitReader(archive, mostManifest)).Decode(manifest); err != nil {
				return nil, nil, fmt.Errorf("its manifest: %w", err)
			}
		case header.Name == Key || header.Name == Database:
			part, err := unpackPart(archive, root, header.Name)
			if err != nil {
				return nil, nil, err
			}
			found = append(found, part)
		default:
			return nil, nil, fmt.Errorf("it holds %q", header.Name)
		}
	}
}

func unpackPart(archive *tar.Reader, root *os.Root, name string) (Part, error) {
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Part{}, err
	}
	digest := sha256.New()
	bytes, err := io.Copy(io.MultiWriter(file, digest), archive)
	return Part{Name: name, Bytes: bytes, SHA256: hex.EncodeToString(digest.Sum(nil))}, errors.Join(err, file.Close())
}
