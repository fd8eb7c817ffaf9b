package wire

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// The first byte on a child's connection is no frame: two descriptors come with it, of
// its Slate, and of the socket from which it reads frames. Frames to a child have a
// socket of their own: each read by the child would wake a server that waits for
// frames of it, because the socket can be written to again.
const first = 1

// Pass gives the Slate and the socket to the child at the other end of conn, a socket.
func (s *Slate) Pass(conn int, frames *os.File) error {
	if err := unix.Sendmsg(conn, []byte{first}, unix.UnixRights(int(s.file.Fd()), int(frames.Fd())), nil, unix.MSG_NOSIGNAL); err != nil {
		return fmt.Errorf("give a child its memory: %w", err)
	}
	return nil
}

var errNotPassed = errors.New("receive the memory of this child: the server has not sent it")

// Receive is the child's end of Pass.
func Receive(conn *os.File) (slate, frames *os.File, err error) {
	var got [1]byte
	room := make([]byte, unix.CmsgSpace(2*4))
	n, size, _, _, err := unix.Recvmsg(int(conn.Fd()), got[:], room, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return nil, nil, fmt.Errorf("receive the memory of this child: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(room[:size])
	if err != nil || n != 1 || got[0] != first || len(messages) != 1 {
		return nil, nil, errNotPassed
	}
	rights, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(rights) != 2 {
		return nil, nil, errNotPassed
	}
	return os.NewFile(uintptr(rights[0]), "slate"), os.NewFile(uintptr(rights[1]), "frames"), nil
}
