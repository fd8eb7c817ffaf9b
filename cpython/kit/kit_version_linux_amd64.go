package kit

// contentHash is the contentHash of the Python for this platform in the module
// that contains it; a test compares the two.
const contentHash = "c30123efab3fa4e43d8d1fd60e58081113bb1c20cd030fe94ee5f46d1e694a17"
