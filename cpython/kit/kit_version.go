package kit

import (
	"crypto/sha256"
	"encoding/hex"
)

// Version is the version of the Python that is carried.
const Version = "3.14.6"

const (
	// pipHash is the contentHash of pip in the module that carries it.
	pipHash = "010ddd48f6bd723f5e913fe75d8945a89d3140e6de982acec632793289fd2315"
	// layout is raised when what is made of the same content changes, such as
	// the way it is compiled.
	layout = "1"
	// pipFolder is the place of pip inside a home.
	pipFolder = "pip"
)

// folderName names the home after all that it is made of, so that a server
// with other content makes a folder of its own.
func folderName() string {
	sum := sha256.Sum256([]byte(contentHash + pipHash + layout))
	return Version + "-" + hex.EncodeToString(sum[:6])
}
