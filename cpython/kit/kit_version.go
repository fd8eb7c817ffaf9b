package kit

import (
	"crypto/sha256"
	"encoding/hex"
)

// Version is the version of the embedded Python.
const Version = "3.14.6"

const (
	// pipHash is the contentHash of pip in the module that contains it.
	pipHash = "010ddd48f6bd723f5e913fe75d8945a89d3140e6de982acec632793289fd2315"
	// layout is increased when the files derived from the same content change,
	// for example in the way they are compiled.
	layout = "1"
	// pipFolder is the place of pip inside a home.
	pipFolder = "pip"
)

// folderName names the home by all of its inputs, so that a server with other
// content creates a separate folder.
func folderName() string {
	sum := sha256.Sum256([]byte(contentHash + pipHash + layout))
	return Version + "-" + hex.EncodeToString(sum[:6])
}
