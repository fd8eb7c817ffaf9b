package kit

// contentHash is the contentHash of the Python for this platform in the module
// that contains it; a test compares the two.
const contentHash = "4b3d128cc29b22e4e7d42aae39afa5d571729c359731c4ef70730e20819d0dfd"
